namespace Espalier.Training.Optimizers;

/// <summary>The optimizers that the trainer knows.</summary>
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent with heavy-ball or Nesterov momentum.</summary>
    Sgd,

    /// <summary>Adam (Kingma &amp; Ba 2015), decay as an L2 term in the gradient.</summary>
    Adam,

    /// <summary>Adam with decoupled weight decay (Loshchilov &amp; Hutter 2019).</summary>
    AdamW,

    /// <summary>RMSProp (Tieleman &amp; Hinton 2012).</summary>
    RmsProp,

    /// <summary>Layer-wise adaptive rate scaling (You et al. 2017), in BYOL's form.</summary>
    Lars,

    /// <summary>Layer-wise adaptive moments (You et al. 2020).</summary>
    Lamb,

    /// <summary>Adagrad (Duchi et al. 2011).</summary>
    Adagrad,
}
