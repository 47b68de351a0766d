using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Recipes;
using Espalier.Reproductions.Caa;

namespace Espalier.Tests.Robustness;

/// <summary>A network for MNIST with known weights, and the first test images; where they are absent, the test is skipped.</summary>
internal sealed class Victim : IDisposable
{
    private readonly AuditTarget _target;

    private Victim(AuditTarget target, int count)
    {
        _target = target;
        LabelledBatch batch = target.Splits.Test.First(count);
        (Inputs, Labels) = (batch.Inputs.DetachFromDisposeScope(), batch.Labels.DetachFromDisposeScope());
    }

    public IDifferentiableClassifier Classifier => (IDifferentiableClassifier)_target.Classifier;

    public Tensor Inputs { get; }

    public Tensor Labels { get; }

    public static Victim Open(string name, int count)
    {
        try
        {
            return new Victim(Victims.Open(name, torch.CPU), count);
        }
        catch (DataException error)
        {
            Assert.Skip(error.Message);
            throw;
        }
    }

    public void Dispose()
    {
        Inputs.Dispose();
        Labels.Dispose();
        _target.Dispose();
    }
}
