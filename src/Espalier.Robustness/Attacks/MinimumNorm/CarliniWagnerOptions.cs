using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>Options of <see cref="CarliniWagner"/>; the defaults are the paper's, with 1,000 steps for each of nine weights.</summary>
public sealed record CarliniWagnerOptions : TradeoffOptions
{
    /// <summary>L2, the only norm there is.</summary>
    public CarliniWagnerOptions() => Norm = Norm.L2;

    /// <summary>How it searches.</summary>
    public CarliniWagnerForm Form { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        RequireNorm(Norm == Norm.L2, "L2");
        OptionsException.Require(Enum.IsDefined(Form), nameof(Form), Form, "must be TanhSpace or FixedTradeoff");
        OptionsException.Require(Form == CarliniWagnerForm.TanhSpace || Confidence == 0, nameof(Confidence), Confidence, "must be 0 with FixedTradeoff");
    }
}
