using Espalier.Data;
using Espalier.Errors;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Training.Diagnostics;

/// <summary>
/// The largest eigenvalue of the loss's Hessian, by power iteration on products H·v ≈ (g(w+εv) - g(w-εv)) / 2ε of the gradient.
/// Gradient descent with momentum is stable on a quadratic while ηλ ≤ 2(1+μ) (Polyak 1964); beyond, it oscillates and grows.
/// </summary>
public static class LargestCurvature
{
    private const int MostIterations = 100;

    // A gradient over many samples is dear, and a limit is wanted, not a constant of nature.
    private const double RoughTolerance = 1e-3;

    /// <summary>The largest eigenvalue, for any way to get a gradient.</summary>
    /// <param name="parameters">The weights; they are as before when this returns, the gradients are not.</param>
    /// <param name="gradient">Fills <see cref="FlatParameters.Gradients"/> with the mean gradient at the weights as they stand; the same function at every call.</param>
    /// <param name="seed">Seeds the first direction.</param>
    /// <param name="tolerance">It ends once an iteration changes the value by less than this share of it.</param>
    /// <returns>λ_max, negative where the loss curves down in every direction; NaN where a gradient is not finite.</returns>
    /// <exception cref="ArgumentNullException">The parameters or the gradient are null.</exception>
    /// <exception cref="OptionsException">The tolerance is not in (0, 1).</exception>
    public static double Of(FlatParameters parameters, Action gradient, int seed = 1, double tolerance = 1e-4)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(gradient);
        OptionsException.Require(tolerance is > 0 and < 1, nameof(tolerance), tolerance, "must lie in (0, 1)");
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor home = parameters.Values.clone();
        double epsilon = Math.Cbrt(home.dtype == torch.float64 ? 2.2e-16 : 1.2e-7) * Math.Max(1, home.norm().ToDouble());
        try
        {
            // The eigenvalue of largest magnitude may be negative; shifted by it the spectrum starts at zero.
            double dominant = Iterate(0);
            return dominant >= 0 || !double.IsFinite(dominant) ? dominant : Iterate(-dominant) + dominant;
        }
        finally
        {
            parameters.Values.copy_(home);
        }

        double Iterate(double shift)
        {
            using var generator = new torch.Generator((ulong)seed);
            using var iteration = torch.NewDisposeScope();
            Tensor direction = torch.randn(home.shape, dtype: torch.float64, generator: generator).to(home.dtype, home.device);
            direction.div_(direction.norm());
            double value = double.NaN;
            for (int i = 0; i < MostIterations; i++)
            {
                using var round = torch.NewDisposeScope();
                Tensor product = At(direction, epsilon).sub_(At(direction, -epsilon)).div_(2 * epsilon).add_(direction, alpha: shift);
                double latest = (product * direction).sum().ToDouble();
                double norm = product.norm().ToDouble();
                bool isSettled = Math.Abs(latest - value) <= tolerance * Math.Abs(latest);
                value = latest;
                if (isSettled || !double.IsFinite(norm) || norm == 0)
                    break;
                direction.copy_(product.div_(norm));
            }

            return value;
        }

        Tensor At(Tensor direction, double distance)
        {
            parameters.Values.copy_(home).add_(direction, alpha: distance);
            using (torch.enable_grad())
                gradient();
            return parameters.Gradients.clone();
        }
    }

    /// <summary>The largest eigenvalue of an objective's mean loss over some samples, to about a hundredth where it stands out from the next one.</summary>
    /// <param name="objective">What is learned, after a training that has begun.</param>
    /// <param name="parameters">The flat parameters of that training.</param>
    /// <param name="batches">The samples, prepared by the objective; gone through once per gradient.</param>
    /// <param name="state">Where the training stands.</param>
    /// <param name="seed">Seeds dropout and its kin, which draw the same for every gradient.</param>
    /// <returns>λ_max, negative where the loss curves down in every direction; NaN where a gradient is not finite.</returns>
    /// <exception cref="ArgumentNullException">The objective, the parameters or the samples are null.</exception>
    /// <exception cref="DataException">There are no samples, or the objective gives them no weight.</exception>
    public static double Of<TBatch>(Objective<TBatch> objective, FlatParameters parameters, IReadOnlyList<TBatch> batches, TrainingState state, int seed = 1)
        where TBatch : IBatch
    {
        ArgumentNullException.ThrowIfNull(objective);
        ArgumentNullException.ThrowIfNull(batches);
        if (batches.Count == 0)
            throw new DataException("the samples of the curvature", "are none", "give at least one batch");
        return Of(parameters, MeanGradient, seed, RoughTolerance);

        void MeanGradient()
        {
            parameters.ZeroGradients();
            double weight = 0;
            foreach (TBatch batch in batches)
            {
                using var scope = torch.NewDisposeScope();
                using IDisposable random = KeyedRandom.Begin(seed, new MicroBatch(batch.Position, batch.Count), GeneratorUse.Exclusive);
                LossSum loss = objective.Step(batch, state);
                loss.Sum.backward();
                BackwardFailure.ThrowIfAny();
                weight += loss.Weight;
            }

            if (weight == 0)
                throw new DataException("the samples of the curvature", "weigh nothing", "give samples that have a loss");
            using var noGradients = torch.no_grad();
            parameters.Gradients.div_(weight);
        }
    }
}
