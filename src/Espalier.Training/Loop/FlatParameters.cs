using Espalier.Errors;
using TorchSharp.Modules;

namespace Espalier.Training.Loop;

/// <summary>
/// All trainable parameters of a module as views of one flat buffer, and their gradients as views of another: an
/// optimizer step, an EMA update, a norm or an all-reduce is then a handful of native calls instead of hundreds. Decayed
/// parameters come first, so that weight decay touches one range.
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
    {
        decays ??= static (_, p) => p.dim() > 1;
        var seen = new HashSet<IntPtr>();
        (string Name, Parameter Parameter)[] trainable = [.. module.named_parameters()
            .Where(p => p.parameter.requires_grad && seen.Add(p.parameter.Handle))
            .Select(p => (p.name, p.parameter))];
        OptionsException.Require(trainable.Length > 0, "model", 0, "has no trainable parameter");
        Parameter first = trainable[0].Parameter;
        OptionsException.Require(trainable.All(t => t.Parameter.dtype == first.dtype), "model", "mixed types", "all trainable parameters must have one type");

        (string Name, Parameter Parameter, bool Decays)[] ordered = [.. trainable
            .Select(t => (t.Name, t.Parameter, Decays: decays(t.Name, t.Parameter)))
            .OrderBy(t => t.Decays ? 0 : 1)];
        long total = ordered.Sum(t => t.Parameter.numel());
        var slices = new List<FlatSlice>();
        using (torch.no_grad())
        {
            Values = torch.zeros(total, dtype: first.dtype, device: first.device).DetachFromDisposeScope();
            Gradients = torch.zeros(total, dtype: first.dtype, device: first.device).DetachFromDisposeScope();
            long offset = 0;
            foreach ((string name, Parameter parameter, bool decayed) in ordered)
            {
                using var scope = torch.NewDisposeScope();
                var slice = new FlatSlice(name, offset, [.. parameter.shape], decayed);
                Tensor view = slice.Of(Values);
                view.copy_(parameter);
                parameter.set_(view);
                parameter.grad = slice.Of(Gradients);
                slices.Add(slice);
                offset += slice.Length;
                if (decayed)
                    DecayedLength = offset;
            }
        }

        Slices = slices;
    }

    /// <summary>All parameter values, [<see cref="Length"/>].</summary>
    public Tensor Values { get; }

    /// <summary>All gradients, [<see cref="Length"/>].</summary>
    public Tensor Gradients { get; }

    /// <summary>Where each parameter lies; decayed ones first.</summary>
    public IReadOnlyList<FlatSlice> Slices { get; }

    /// <summary>Number of trainable values.</summary>
    public long Length => Values.numel();

    /// <summary>Length of the leading range that weight decay applies to.</summary>
    public long DecayedLength { get; }

    /// <summary>Sets every gradient to zero, keeping the views.</summary>
    public void ZeroGradients() => Gradients.zero_();

    /// <summary>Frees the buffers' names; the module's parameters keep the memory alive.</summary>
    public void Dispose()
    {
        Values.Dispose();
        Gradients.Dispose();
    }
}
