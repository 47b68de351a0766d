using Espalier.Models;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Regions;

/// <summary>
/// The L1 ball cut with the box: the perturbation p_i = clip(soft(v_i - x_i, λ), room of i) with the least λ ≥ 0 whose
/// sum of sizes is the radius (caa.md 1.1). The sum falls with λ and is piecewise linear: bisection, vectorised.
/// </summary>
internal sealed class L1Region : PerturbationRegion
{
    private const int Bisections = 50;
    private const double Tiny = 1e-12;

    private readonly RowState _clean;
    private readonly RowState _start;
    private readonly double _threat;

    public L1Region(RowState clean, double threat, RowState start, double radius, InputBounds bounds, Tensor? scales)
        : base(radius, bounds, scales) => (_clean, _start, _threat) = (clean, start, threat);

    public override Tensor Project(Tensor candidates)
    {
        Tensor inside = IntoBall(candidates, _start.Value, Radius);
        if (ReferenceEquals(_clean, _start))
            return inside;

        // The second projection may lead out of the first ball, whose distances are not Euclidean; on the way back to its
        // center, which lies in all sets, nothing leaves them.
        Tensor perturbation = IntoBall(inside, _clean.Value, _threat) - _start.Value;
        Tensor size = Perturbations.PerSample(Perturbations.Size(Norm.L1, perturbation, Scales), perturbation);
        return Bounds.Clamp(_start.Value + perturbation * (Radius / size.clamp_min(Tiny)).clamp_max(1));
    }

    /// <summary>Candidates brought into another ball around the starts, and into the box.</summary>
    public Tensor ProjectTo(Tensor candidates, double radius) => radius <= Radius ? Project(candidates) : IntoBall(candidates, _start.Value, radius);

    /// <summary>All of the unit goes to the feature of greatest |gradient|.</summary>
    public override Tensor Steepest(Tensor gradient)
    {
        Tensor flat = Scaled(gradient).flatten(1);
        Tensor index = flat.abs().argmax(1, keepdim: true);
        return Scaled(torch.zeros_like(flat).scatter(1, index, flat.gather(1, index).sign()).view(gradient.shape));
    }

    // Uniform in the simplex by normalised exponentials, random signs, length radius * u^(1/d).
    public override Tensor Draw(Tensor like, double radius, ExampleRandom random)
    {
        double dimensions = like.numel() / (double)like.shape[0];
        Tensor length = random.Uniform(like.flatten(1).narrow(1, 0, 1), 0, 1).pow(1 / dimensions);
        return DrawOnSphere(like, radius, random.Next()) * Perturbations.PerSample(length, like);
    }

    public override Tensor DrawOnSphere(Tensor like, double radius, ExampleRandom random)
    {
        Tensor uniform = random.Uniform(like, -1, 1);
        Tensor exponential = -(1 - uniform.abs()).clamp_min(Tiny).log();
        Tensor total = Perturbations.PerSample(exponential.flatten(1).sum([1]), like);
        return Scaled(exponential / total * uniform.sign() * radius);
    }

    private Tensor IntoBall(Tensor candidates, Tensor centers, double radius)
    {
        Tensor scales = Scales ?? centers.new_ones(1);
        Tensor delta = (candidates - centers) / scales;
        delta = delta.masked_fill(scales.eq(0), 0);
        Tensor size = delta.abs();
        Tensor room = Room(centers, delta, scales);
        Tensor taken = size.minimum(room);
        Tensor total = taken.flatten(1).sum([1], keepdim: true);
        if (double.IsFinite(radius) && total.gt(radius).any().item<bool>())
        {
            Tensor low = torch.zeros_like(total);
            Tensor high = size.flatten(1).amax([1], keepdim: true);
            Tensor flatSize = size.flatten(1);
            Tensor flatRoom = room.flatten(1);
            for (int i = 0; i < Bisections; i++)
            {
                using var scope = torch.NewDisposeScope();
                Tensor middle = (low + high) / 2;
                Tensor over = (flatSize - middle).clamp_min(0).minimum(flatRoom).sum([1], keepdim: true).gt(radius);
                low = torch.where(over, middle, low).MoveToOuterDisposeScope();
                high = torch.where(over, high, middle).MoveToOuterDisposeScope();
            }

            Tensor threshold = high.masked_fill(total.le(radius), 0);
            taken = (flatSize - threshold).clamp_min(0).minimum(flatRoom).view(size.shape);
        }

        return Bounds.Clamp(centers + taken * delta.sign() * scales);
    }

    /// <summary>How far each feature may go in the direction of its change, in units of the norm.</summary>
    private Tensor Room(Tensor centers, Tensor delta, Tensor scales)
    {
        Tensor up = Bounds.UpperTensor(centers) - centers;
        Tensor down = centers - Bounds.LowerTensor(centers);
        return torch.where(delta.ge(0), up, down) / scales.clamp_min(Tiny);
    }
}
