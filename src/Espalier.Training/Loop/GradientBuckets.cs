using System.Runtime.ExceptionServices;
using Espalier.Communication;
using Espalier.Training.Diagnostics;

namespace Espalier.Training.Loop;

/// <summary>
/// The sum of the gradients over all ranks, in buckets: a bucket starts on its way as soon as the backward pass of the last
/// micro-batch has completed it, while the pass goes on with earlier layers. All ranks start the buckets in the same order. A weight that is
/// also used outside its module, such as an embedding that is the matrix of the head, gets a part of its gradient later: what comes
/// after a bucket was sent is summed in a second round.
/// </summary>
internal sealed class GradientBuckets : IDisposable
{
    private const long BucketBytes = 1 << 20;

    private readonly FlatParameters _parameters;
    private readonly ICommunicator _ranks;
    private readonly List<IDisposable> _hooks = [];
    private readonly List<Bucket> _buckets = [];
    private readonly List<UnderWay> _underWay = [];
    private readonly Dictionary<torch.nn.Module, int> _calls = [];
    private ExceptionDispatchInfo? _failure;
    private bool _armed;
    private int _next;

    public GradientBuckets(torch.nn.Module model, FlatParameters parameters, ICommunicator ranks)
    {
        (_parameters, _ranks) = (parameters, ranks);
        if (ranks.Size == 1)
            return;
        Cut();
        if (parameters.Gradients.device_type != DeviceType.CPU)
            return;
        // A parameter of several modules is complete when all of them are: it waits for the end of the pass.
        HashSet<IntPtr> shared = [.. model.named_parameters().GroupBy(p => p.parameter.Handle).Where(g => g.Count() > 1).Select(g => g.Key)];
        var modules = new HashSet<torch.nn.Module>();
        foreach ((string name, torch.nn.Module module) in model.named_modules())
        {
            if (module is torch.nn.Module<Tensor, Tensor> layer && modules.Add(module))
                Watch(name, layer, shared);
        }
    }

    /// <summary>From now on completed buckets are sent: the micro-batch about to run is this rank's last one of the step.</summary>
    public void Arm()
    {
        _calls.Clear();
        foreach (Bucket bucket in _buckets)
            bucket.Waiting = [.. bucket.Names];
        _armed = _hooks.Count > 0;
    }

    /// <summary>Sends what is left and waits for all sums.</summary>
    public void Finish()
    {
        _armed = false;
        _failure?.Throw();
        while (_next < _buckets.Count)
            Send(_buckets[_next++]);
        using var noGradients = torch.no_grad();
        foreach (UnderWay each in _underWay)
            each.Task.GetAwaiter().GetResult();
        SumLate();
        foreach (UnderWay each in _underWay)
            each.Dispose();
        _underWay.Clear();
        _next = 0;
    }

    /// <summary>Sums what was added to a gradient after its bucket was sent, on whichever rank.</summary>
    private void SumLate()
    {
        if (_underWay.Count == 0)
            return;
        double[] isLate = [.. _underWay.Select(u => u.AsSent is { } asSent && !u.Range.equal(asSent).all().item<bool>() ? 1.0 : 0)];
        _ranks.Sum(isLate);
        for (int i = 0; i < _underWay.Count; i++)
        {
            (Tensor range, Tensor sum, Tensor? asSent, Task _) = _underWay[i];
            if (isLate[i] > 0)
            {
                using Tensor late = asSent is null ? torch.zeros_like(sum) : (range - asSent).cpu();
                _ranks.Sum(late);
                sum.add_(late);
            }

            range.copy_(sum);
        }
    }

    public void Dispose()
    {
        foreach (IDisposable hook in _hooks)
            hook.Dispose();
    }

    /// <summary>From the last layer to the first, since that is the order in which the backward pass completes them.</summary>
    private void Cut()
    {
        long elementSize = _parameters.Gradients.ElementSize;
        foreach (FlatSlice[] region in _parameters.Sections.SelectMany(Regions))
        {
            var open = new List<FlatSlice>();
            foreach (FlatSlice slice in region.Reverse())
            {
                open.Add(slice);
                if (open.Sum(s => s.Length) * elementSize >= BucketBytes)
                    Close(open);
            }

            if (open.Count > 0)
                Close(open);
        }
    }

    // Of a group those that decay and those that do not, each one range.
    private IEnumerable<FlatSlice[]> Regions(ParameterSection section)
    {
        HashSet<string> names = [.. section.Parameters.Slices.Select(s => s.Name)];
        yield return [.. _parameters.Slices.Where(s => s.Decays && names.Contains(s.Name))];
        yield return [.. _parameters.Slices.Where(s => !s.Decays && names.Contains(s.Name))];
    }

    private void Close(List<FlatSlice> slices)
    {
        long from = slices.Min(s => s.Offset);
        _buckets.Add(new Bucket(from, slices.Max(s => s.Offset + s.Length) - from, [.. slices.Select(s => s.Name)]));
        slices.Clear();
    }

    private void Watch(string name, torch.nn.Module<Tensor, Tensor> layer, HashSet<IntPtr> shared)
    {
        string prefix = name.Length == 0 ? "" : name + ".";
        string[] own = [.. layer.named_parameters(recurse: false).Where(p => !shared.Contains(p.parameter.Handle)).Select(p => prefix + p.name)];
        if (own.Length == 0)
            return;
        var hook = layer.register_forward_pre_hook((module, input) =>
        {
            if (!_armed || !torch.is_grad_enabled())
                return input;
            _calls[module] = _calls.GetValueOrDefault(module) + 1;
            return input.requires_grad ? GradientTap.On(input, () => Completed(module, own)) : input;
        });
        _hooks.Add(new Hook(() => hook.remove()));
    }

    private void Completed(torch.nn.Module module, string[] parameters)
    {
        // A module that was called several times is complete when the backward pass has come through all calls.
        if (!_armed || --_calls[module] > 0)
            return;
        foreach (Bucket bucket in _buckets)
            bucket.Waiting.ExceptWith(parameters);
        try
        {
            while (_failure is null && _next < _buckets.Count && _buckets[_next].Waiting.Count == 0)
                Send(_buckets[_next++]);
        }
#pragma warning disable CA1031 // An exception in the backward pass would end the process: it is thrown after it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _failure = ExceptionDispatchInfo.Capture(error);
        }
    }

    private void Send(Bucket bucket)
    {
        Tensor range = _parameters.Gradients.narrow(0, bucket.Offset, bucket.Length).DetachFromDisposeScope();
        Tensor sum = (range.device_type == DeviceType.CPU ? range.clone() : range.cpu()).DetachFromDisposeScope();
        Tensor? asSent = _armed ? range.clone().DetachFromDisposeScope() : null;
        _underWay.Add(new UnderWay(range, sum, asSent, _ranks.BeginSum(sum)));
    }

    private sealed record Bucket(long Offset, long Length, string[] Names)
    {
        public HashSet<string> Waiting { get; set; } = [];
    }

    /// <summary>A bucket that was sent.</summary>
    /// <param name="Range">Its gradients, to which more may be added.</param>
    /// <param name="Sum">What is summed over the ranks.</param>
    /// <param name="AsSent">The gradients when it was sent, where the backward pass was not over; else null.</param>
    /// <param name="Task">The sum under way.</param>
    private sealed record UnderWay(Tensor Range, Tensor Sum, Tensor? AsSent, Task Task) : IDisposable
    {
        public void Dispose()
        {
            Range.Dispose();
            Sum.Dispose();
            AsSent?.Dispose();
        }
    }

    private sealed class Hook(Action remove) : IDisposable
    {
        public void Dispose() => remove();
    }
}
