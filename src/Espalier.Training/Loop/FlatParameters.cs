using Espalier.Errors;
using Espalier.Training.Objectives;
using TorchSharp.Modules;

namespace Espalier.Training.Loop;

/// <summary>
/// All trainable parameters of a module as views of one flat buffer, and their gradients as views of another: an
/// optimizer step, an EMA update, a norm or an all-reduce is then a handful of native calls instead of hundreds. Each group of
/// parameters is one range, and in it decayed parameters come first, so that weight decay touches one range.
/// </summary>
/// <remarks>
/// Make it after the module is on its device, and clear gradients with <see cref="ZeroGradients"/>:
/// <c>module.zero_grad()</c> would cut the views.
/// </remarks>
public sealed class FlatParameters : IDisposable
{
    /// <summary>Moves the parameters of a module into flat buffers; their values stay.</summary>
    /// <param name="module">The module.</param>
    /// <param name="decays">Which parameters weight decay applies to, by name and tensor; those of two or more dimensions where null.</param>
    /// <exception cref="OptionsException">The module has no trainable parameter, or parameters of different types.</exception>
    public FlatParameters(torch.nn.Module module, Func<string, Tensor, bool>? decays = null)
        : this(module, decays, [])
    {
    }

    /// <summary>Moves the parameters of an objective's model into flat buffers, group by group.</summary>
    /// <param name="objective">Says which groups there are and what decays.</param>
    /// <exception cref="OptionsException">The module has no trainable parameter, parameters of different types, or a group none.</exception>
    public FlatParameters(Objective objective)
        : this(objective.Model, objective.Decays, objective.ParameterGroups)
    {
    }

    private FlatParameters(torch.nn.Module module, Func<string, Tensor, bool>? decays, IReadOnlyList<ParameterGroup> groups)
    {
        decays ??= static (_, p) => p.dim() > 1;
        var seen = new HashSet<IntPtr>();
        (string Name, Parameter Parameter)[] trainable = [.. module.named_parameters()
            .Where(p => p.parameter.requires_grad && seen.Add(p.parameter.Handle))
            .Select(p => (p.name, p.parameter))];
        OptionsException.Require(trainable.Length > 0, "model", 0, "has no trainable parameter");
        Parameter first = trainable[0].Parameter;
        OptionsException.Require(trainable.All(t => t.Parameter.dtype == first.dtype), "model", "mixed types", "all trainable parameters must have one type");

        // Those of no group come first.
        int GroupOf(string name) => Enumerable.Range(0, groups.Count).FirstOrDefault(g => groups[g].Contains(name), -1);
        (string Name, Parameter Parameter, bool Decays, int Group)[] ordered = [.. trainable
            .Select(t => (t.Name, t.Parameter, Decays: decays(t.Name, t.Parameter), Group: GroupOf(t.Name)))
            .OrderBy(t => t.Group).ThenBy(t => t.Decays ? 0 : 1)];
        long total = ordered.Sum(t => t.Parameter.numel());
        var slices = new List<FlatSlice>();
        using (torch.no_grad())
        {
            Values = torch.zeros(total, dtype: first.dtype, device: first.device).DetachFromDisposeScope();
            Gradients = torch.zeros(total, dtype: first.dtype, device: first.device).DetachFromDisposeScope();
            long offset = 0;
            foreach ((string name, Parameter parameter, bool decayed, int group) in ordered)
            {
                using var scope = torch.NewDisposeScope();
                var slice = new FlatSlice(name, offset, [.. parameter.shape], decayed);
                Tensor view = slice.Of(Values);
                view.copy_(parameter);
                parameter.set_(view);
                parameter.grad = slice.Of(Gradients);
                slices.Add(slice);
                offset += slice.Length;
                if (decayed && group == ordered[0].Group)
                    DecayedLength = offset;
            }
        }

        Slices = slices;
        Sections = groups.Count == 0 ? [new("", null, this)] : [.. Sectioned(ordered, groups)];
    }

    private FlatParameters(FlatParameters whole, int first, int count)
    {
        FlatSlice[] slices = [.. whole.Slices.Skip(first).Take(count)];
        long start = slices[0].Offset;
        long length = slices[^1].Offset + slices[^1].Length - start;
        Values = whole.Values.narrow(0, start, length).DetachFromDisposeScope();
        Gradients = whole.Gradients.narrow(0, start, length).DetachFromDisposeScope();
        Slices = [.. slices.Select(s => s with { Offset = s.Offset - start })];
        DecayedLength = Slices.Where(s => s.Decays).Sum(s => s.Length);
        Sections = [];
    }

    /// <summary>All parameter values, [<see cref="Length"/>].</summary>
    public Tensor Values { get; }

    /// <summary>All gradients, [<see cref="Length"/>].</summary>
    public Tensor Gradients { get; }

    /// <summary>Where each parameter lies; decayed ones first.</summary>
    public IReadOnlyList<FlatSlice> Slices { get; }

    /// <summary>Number of trainable values.</summary>
    public long Length => Values.numel();

    /// <summary>The groups, each as flat parameters of its own over the same memory; the first may be that of no group, named "".</summary>
    internal IReadOnlyList<ParameterSection> Sections { get; }

    /// <summary>Length of the leading range that weight decay applies to, in the first group.</summary>
    public long DecayedLength { get; }

    /// <summary>Sets every gradient to zero, keeping the views.</summary>
    public void ZeroGradients() => Gradients.zero_();

    /// <summary>Frees the buffers' names; the module's parameters keep the memory alive.</summary>
    public void Dispose()
    {
        foreach (ParameterSection section in Sections)
        {
            if (!ReferenceEquals(section.Parameters, this))
                section.Parameters.Dispose();
        }

        Values.Dispose();
        Gradients.Dispose();
    }

    private IEnumerable<ParameterSection> Sectioned((string Name, Parameter Parameter, bool Decays, int Group)[] ordered, IReadOnlyList<ParameterGroup> groups)
    {
        OptionsException.Require(groups.Select(g => g.Name).Distinct().Count() == groups.Count, "parameterGroups", groups.Count, "must have different names");
        for (int g = -1; g < groups.Count; g++)
        {
            int first = Array.FindIndex(ordered, o => o.Group == g);
            if (g >= 0)
            {
                OptionsException.Within("parameterGroups", groups[g].Validate);
                OptionsException.Require(first >= 0, "parameterGroups.pattern", groups[g].Pattern, $"fits no trainable parameter of the model; there are {string.Join(", ", ordered.Take(5).Select(o => o.Name))}{(ordered.Length > 5 ? ", ..." : "")}");
            }

            if (first >= 0)
                yield return new(g < 0 ? "" : groups[g].Name, g < 0 ? null : groups[g], new FlatParameters(this, first, ordered.Count(o => o.Group == g)));
        }
    }
}
