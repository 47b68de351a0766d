using Espalier.Errors;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness;

public sealed class AttackPolicyTests
{
    [Fact]
    public void The_papers_notation_and_the_short_one_are_the_same_policy()
    {
        AttackPolicy paper = AttackPolicy.Parse("MT-Linf(8/255, 50) -> MT-Linf(8/255, 25) -> CW-Linf(8/255, 125)");
        Assert.Equal(Norm.LInf, paper.Norm);
        Assert.Equal(8 / 255.0, paper.Epsilon!.Value, 1e-15);
        Assert.Equal("mt(t=50) -> mt(t=25) -> cw(t=125)", paper.ToString());
        Assert.Equal(AttackPolicy.CaaLinf.Stages, paper.Stages);
        Assert.Equal(AttackPolicy.Parse("mt(eps=1,t=50) > mt(eps=1, t=25) > cw(t=125)").Stages, paper.Stages);
        Assert.Equal(800, paper.Build().Complexity);
    }

    [Fact]
    public void Radii_in_the_inputs_unit_become_shares_of_the_largest()
    {
        AttackPolicy policy = AttackPolicy.Parse("mt-l2(0.5, 100) → pgd-l2(0.4375, 25)");
        Assert.Equal(0.5, policy.Epsilon);
        Assert.Equal([1, 0.875], policy.Stages.Select(s => s.Share));
        CompositeAttack attack = policy.Build(epsilon: 2);
        Assert.Equal([2, 1.75], attack.Options.Stages.Select(s => s.Options.Epsilon));
        Assert.Equal([4, 3.5], ((CompositeAttack)attack.WithEpsilon(4)).Options.Stages.Select(s => s.Options.Epsilon));
    }

    [Theory]
    [InlineData("mt(t=50) -> mt(t=25) -> cw(t=125)", ChainMode.Best)]
    [InlineData("apgd-ce | apgd-dlr(restarts=5, t=100) | mt(eps=0.5, targets=3)", ChainMode.Union)]
    public void Text_and_json_are_read_back(string text, ChainMode mode)
    {
        AttackPolicy policy = AttackPolicy.Parse(text);
        Assert.Equal(mode, policy.Mode);
        Assert.Equal(policy, AttackPolicy.Parse(policy.ToString()));
        Assert.Equal(policy, AttackPolicy.FromJson(policy.ToJson()));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("mt(", 3)]
    [InlineData("mt(t=)", 5)]
    [InlineData("mt(t=1.5)", 3)]
    [InlineData("mt(1, 2, 3)", 9)]
    [InlineData("mt(t=5", 6)]
    [InlineData("mt -> ", 6)]
    [InlineData("mt ; cw", 3)]
    [InlineData("mt -> cw | pgd", 9)]
    [InlineData("mt(1/0)", 6)]
    [InlineData("mt-linf -> cw-l2x", 11)]
    public void What_cannot_be_read_says_where(string text, int position)
    {
        if (text.EndsWith('x'))
        {
            Assert.Throws<NotFoundException>(() => AttackPolicy.Parse(text));
            return;
        }

        Assert.Equal(position, Assert.Throws<PolicySyntaxException>(() => AttackPolicy.Parse(text)).Position);
    }

    [Fact]
    public void Unknown_attacks_and_settings_suggest_near_names()
    {
        Assert.Contains("'apgd-ce'", Assert.Throws<NotFoundException>(() => AttackPolicy.Parse("apgd-cee(t=5)")).Message, StringComparison.Ordinal);
        Assert.Contains("'targets'", Assert.Throws<NotFoundException>(() => AttackPolicy.Parse("mt(target=5)")).Message, StringComparison.Ordinal);
        Assert.Contains("'autoattack'", Assert.Throws<NotFoundException>(() => AttackPolicy.Open("autoatack", Norm.LInf)).Message, StringComparison.Ordinal);
        Assert.Throws<OptionsException>(() => AttackPolicy.Parse("mt(eps=1.5)"));
        Assert.Throws<OptionsException>(() => AttackPolicy.Parse("mt(t=5)").Build());
        Assert.Throws<OptionsException>(() => AttackPolicy.Parse("mt-l2(t=5)").Build(Norm.LInf, 0.1));
        Assert.Throws<PolicySyntaxException>(() => AttackPolicy.Parse("mt-l2(t=5) -> cw-linf(t=5)"));
        Assert.Throws<DataException>(() => AttackPolicy.FromJson("{ \"stages\": 3 }"));
        Assert.Throws<DataException>(() => AttackPolicy.Open("missing.json", Norm.LInf));
    }
}
