using Espalier.Errors;
using Espalier.Models;
using Espalier.Models.Caching;

namespace Espalier.Tests.Models;

public sealed class QueryCacheTests
{
    private static Tensor Inputs(int seed, int count)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.rand([count, 3], generator: generator);
    }

    private static DelegateClassifier Counting(List<long> asked) => new([3], 3, x =>
    {
        asked.Add(x.shape[0]);
        return x.softmax(1);
    });

    [Fact]
    public void No_input_is_asked_for_twice()
    {
        using var scope = torch.NewDisposeScope();
        List<long> asked = [];
        DelegateClassifier inner = Counting(asked);
        QueryCache cache = QueryCache.Around(inner);
        Tensor first = Inputs(1, 6), second = Inputs(2, 4);
        Tensor mixed = torch.cat([second, first.narrow(0, 2, 3), second]);
        Assert.True(((IScoringClassifier)cache).Probabilities(first).eq(first.softmax(1)).all().item<bool>());
        Assert.True(((IScoringClassifier)cache).Probabilities(mixed).eq(mixed.softmax(1)).all().item<bool>());
        Assert.True(cache.Predict(mixed).eq(mixed.argmax(1)).all().item<bool>());
        Assert.Equal([6, 4], asked);
        Assert.Equal(10, cache.Misses);
        Assert.Equal(3 + 4 + 11, cache.Hits);
        // Another bit is another input.
        cache.Predict(first + 1e-6);
        Assert.Equal(16, cache.Misses);
        Assert.Equal([0, 3], ((IScoringClassifier)cache).Probabilities(torch.empty(0, 3)).shape);
    }

    [Fact]
    public void The_oldest_answers_make_way()
    {
        using var scope = torch.NewDisposeScope();
        List<long> asked = [];
        QueryCache cache = QueryCache.Around(Counting(asked), capacity: 4);
        Tensor inputs = Inputs(1, 6);
        cache.Predict(inputs);
        cache.Predict(inputs.narrow(0, 2, 4));
        Assert.Equal([6], asked);
        cache.Predict(inputs.narrow(0, 0, 2));
        Assert.Equal([6, 2], asked);
        Assert.Throws<OptionsException>(() => QueryCache.Around(Counting(asked), 0));
    }

    [Fact]
    public void What_gives_labels_only_stays_so()
    {
        using var scope = torch.NewDisposeScope();
        List<long> asked = [];
        DelegateClassifier inner = Counting(asked);
        var labels = new LabelsOnly(inner);
        Assert.IsNotAssignableFrom<IScoringClassifier>(labels);
        Assert.Equal([3L], labels.InputShape);
        QueryCache cache = QueryCache.Around(labels);
        Assert.IsNotAssignableFrom<IScoringClassifier>(cache);
        Tensor inputs = Inputs(1, 6);
        for (int i = 0; i < 2; i++)
            Assert.True(cache.Predict(inputs).eq(inputs.argmax(1)).all().item<bool>());
        Assert.Equal(torch.int64, cache.Predict(inputs).dtype);
        Assert.Equal([6], asked);
    }
}
