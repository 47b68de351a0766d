using System.Globalization;
using System.Text.Json;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Models.Caching;
using Espalier.Models.Endpoints;
using Reply = Espalier.Tests.Models.Endpoints.LoopbackServer.Reply;

namespace Espalier.Tests.Models.Endpoints;

public sealed class HttpClassifierTests
{
    private static readonly HttpClassifierOptions Hasty = new()
    {
        RequestsPerSecond = double.PositiveInfinity,
        FirstPause = TimeSpan.FromMilliseconds(5),
        LongestPause = TimeSpan.FromMilliseconds(20),
        MaxRetries = 3,
    };

    // The first value p of each input [p, 1 - p] is its probability of class 0.
    private static Reply Honest(JsonElement request) => new(
        $$"""{"probabilities": [{{string.Join(", ", request.GetProperty("inputs").EnumerateArray().Select(x => string.Create(CultureInfo.InvariantCulture, $"[{x[0].GetSingle():R}, {1 - x[0].GetSingle():R}]")))}}]}""");

    private static Tensor Inputs(int count) => torch.linspace(0, 1, count).unsqueeze(1) * torch.tensor([1f, -1f]) + torch.tensor([0f, 1f]);

    private static IScoringClassifier Scoring(HttpClassifier classifier) => (IScoringClassifier)classifier;

    private static T Fails<T>(string body, HttpClassifierOptions? options = null, int count = 2)
        where T : Exception
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((_, _) => new(body));
        using var classifier = HttpClassifier.Connect(server.Address, [2], 2, options ?? Hasty);
        return Assert.Throws<T>(() => classifier.Predict(Inputs(count)));
    }

    [Fact]
    public void Batches_are_split_and_put_together_in_order()
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((number, request) => Honest(request) with { Delay = TimeSpan.FromMilliseconds(number % 3 * 5) });
        using var classifier = HttpClassifier.Connect(server.Address, [2], 2, Hasty with { MaxBatchSize = 7, MaxConcurrency = 3 });
        Tensor inputs = Inputs(50);
        Assert.InRange((Scoring(classifier).Probabilities(inputs) - inputs).abs().max().ToDouble(), 0, 1e-6);
        Assert.True(classifier.Predict(inputs).eq(inputs.argmax(1)).all().item<bool>());
        Assert.Equal([1, 1, .. Enumerable.Repeat(7, 14)], server.BatchSizes.Order());
        Assert.Equal(16, classifier.Requests);
        Assert.Equal([0, 2], Scoring(classifier).Probabilities(torch.empty(0, 2)).shape);
    }

    [Fact]
    public void No_more_requests_run_at_once_than_allowed()
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((_, request) => Honest(request) with { Delay = TimeSpan.FromMilliseconds(30) });
        using var classifier = HttpClassifier.Connect(server.Address, [2], 2, Hasty with { MaxBatchSize = 1, MaxConcurrency = 3 });
        Parallel.For(0, 2, _ =>
        {
            using var own = torch.NewDisposeScope();
            classifier.Predict(Inputs(10));
        });
        Assert.Equal(20, server.Requests);
        Assert.Equal(3, server.MostAtOnce);
    }

    [Fact]
    public void Requests_are_no_faster_than_allowed()
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((_, request) => Honest(request));
        var clock = new LeapingClock();
        using var classifier = HttpClassifier.Connect(server.Address, [2], 2, Hasty with { MaxBatchSize = 1, RequestsPerSecond = 20, MaxConcurrency = 1, Clock = clock });
        classifier.Predict(Inputs(9));
        Assert.Equal(Enumerable.Repeat(TimeSpan.FromSeconds(1 / 20.0), 8), clock.Waits);
        Assert.Equal(9, server.Requests);
        Assert.InRange(new HttpClassifierOptions().RequestsPerSecond, 1, 1000); // there is a limit by default
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    [InlineData(408)]
    public void Passing_failures_pass(int status)
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((number, request) => number <= 2 ? new("busy", status) : Honest(request));
        using var classifier = HttpClassifier.Connect(server.Address, [2], 2, Hasty);
        Tensor inputs = Inputs(5);
        Assert.True(classifier.Predict(inputs).eq(inputs.argmax(1)).all().item<bool>());
        Assert.Equal(3, classifier.Requests);
    }

    [Fact]
    public void A_slow_answer_is_asked_for_again()
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((number, request) => Honest(request) with { Delay = TimeSpan.FromSeconds(number == 1 ? 3 : 0) });
        using var classifier = HttpClassifier.Connect(server.Address, [2], 2, Hasty with { Timeout = TimeSpan.FromMilliseconds(400) });
        classifier.Predict(Inputs(5));
        Assert.Equal(2, classifier.Requests);
    }

    [Fact]
    public void Lasting_failures_say_what_where_and_how_to_mend_it()
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((_, _) => new("out of memory", 500));
        using var classifier = HttpClassifier.Connect(server.Address, [2], 2, Hasty);
        var failure = Assert.Throws<EndpointException>(() => classifier.Predict(Inputs(5)));
        Assert.Equal(4, failure.Attempts);
        Assert.Equal(4, server.Requests);
        Assert.Equal(server.Address, failure.Endpoint);
        Assert.Contains("answered 500", failure.Message, StringComparison.Ordinal);
        Assert.Contains("out of memory", failure.Message, StringComparison.Ordinal);
        Assert.Contains(failure.Remedy!, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_repetition_is_begun_after_the_budget()
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((_, _) => new("", 503, RetryAfter: 60));
        using var classifier = HttpClassifier.Connect(server.Address, [2], 2, Hasty with { RetryBudget = TimeSpan.FromSeconds(30) });
        Assert.Equal(1, Assert.Throws<EndpointException>(() => classifier.Predict(Inputs(1))).Attempts);
    }

    [Theory]
    [InlineData(400, "requestPath")]
    [InlineData(401, "headers")]
    [InlineData(302, "final address")]
    public void What_will_not_pass_is_not_repeated(int status, string remedy)
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((_, _) => new("no", status));
        using var classifier = HttpClassifier.Connect(server.Address, [2], 2, Hasty);
        var failure = Assert.Throws<EndpointException>(() => classifier.Predict(Inputs(1)));
        Assert.Equal(1, failure.Attempts);
        Assert.Contains(remedy, failure.Remedy, StringComparison.Ordinal);
        Assert.Equal(1, server.Requests);
    }

    [Fact]
    public void Who_is_not_there_is_named()
    {
        using var scope = torch.NewDisposeScope();
        Uri gone;
        using (var server = new LoopbackServer((_, _) => new("")))
            gone = server.Address;
        using var classifier = HttpClassifier.Connect(gone, [2], 2, Hasty with { MaxRetries = 1 });
        var failure = Assert.Throws<EndpointException>(() => classifier.Predict(Inputs(1)));
        Assert.Equal(2, failure.Attempts);
        Assert.Contains("cannot be reached", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_failure_ends_what_is_still_to_be_sent()
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((_, _) => new("no", 400));
        using var classifier = HttpClassifier.Connect(server.Address, [2], 2, Hasty with { MaxBatchSize = 1, MaxConcurrency = 1 });
        Assert.Throws<EndpointException>(() => classifier.Predict(Inputs(200)));
        Assert.InRange(server.Requests, 1, 5);
    }

    [Theory]
    [InlineData("<html>hello</html>", "is no JSON")]
    [InlineData("""{"scores": [[1, 0], [1, 0]]}""", "has no \"probabilities\": it holds scores")]
    [InlineData("""{"probabilities": [[1, 0]]}""", "1 answers for 2 inputs")]
    [InlineData("""{"probabilities": 3}""", "holds 3 at")]
    [InlineData("""{"probabilities": [[1, 0], [1, 0, 0]]}""", "an array of 3 for input 1")]
    [InlineData("""{"probabilities": [[1, 0], [1, null]]}""", "null for class 1 of input 1")]
    [InlineData("""{"probabilities": [[1, 0], [1, "NaN"]]}""", "\"NaN\" for class 1")]
    [InlineData("""{"probabilities": [[1, 0], [1e99, 0]]}""", "1e99")]
    [InlineData("""{"probabilities": [[1, 0], [3, -2]]}""", "the probability 3")]
    [InlineData("""{"probabilities": [[1, 0], [0.6, 0.2]]}""", "sum 0.8")]
    public void Wrong_answers_are_named(string body, string problem) =>
        Assert.Contains(problem, Fails<ModelOutputException>(body).Message, StringComparison.Ordinal);

    [Fact]
    public void Logits_become_probabilities()
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((_, _) => new("""{"out": [{"logits": [2, 0, -1]}, {"logits": [-300, 300, 0]}]}"""));
        using var classifier = HttpClassifier.Connect(server.Address, [2], 3, Hasty with { Answer = HttpAnswer.Logits, ResponsePath = "out.*.logits" });
        Tensor expected = torch.tensor([2f, 0f, -1f, -300f, 300f, 0f]).view(2, 3).softmax(1);
        Assert.InRange((Scoring(classifier).Probabilities(Inputs(2)) - expected).abs().max().ToDouble(), 0, 1e-6);
    }

    [Fact]
    public void Labels_come_as_numbers_or_names_and_give_no_scores()
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((number, _) => new(number == 1 ? """[[2, 0]]""" : """{"predictions": [{"label": "ship"}, {"label": "cat"}]}"""));
        HttpClassifierOptions labels = Hasty with { Answer = HttpAnswer.Labels };
        using var byNumber = HttpClassifier.Connect(server.Address, [2], 3, labels with { ResponsePath = "0" });
        Assert.IsNotAssignableFrom<IScoringClassifier>(byNumber);
        Assert.Equal([2L, 0L], byNumber.Predict(Inputs(2)).data<long>().ToArray());
        using var byName = HttpClassifier.Connect(server.Address, [2], 3, labels with { ResponsePath = "predictions.*.label", ClassNames = ["cat", "dog", "ship"] });
        Assert.Equal([2L, 0L], byName.Predict(Inputs(2)).data<long>().ToArray());
        Assert.Contains("the label 7", Fails<ModelOutputException>("""{"labels": [0, 7]}""", labels).Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'cat'?", Fails<ModelOutputException>("""{"labels": ["cta", "dog"]}""", labels with { ClassNames = ["cat", "dog"] }).Message, StringComparison.Ordinal);
        Assert.Contains("classNames", Fails<ModelOutputException>("""{"labels": ["cat", "dog"]}""", labels).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_request_is_nested_as_the_inputs_are()
    {
        using var scope = torch.NewDisposeScope();
        string? seen = null;
        using var server = new LoopbackServer((_, request) =>
        {
            seen = request.GetRawText();
            return new("""{"probabilities": [[1, 0]]}""");
        });
        using var classifier = HttpClassifier.Connect(server.Address, [1, 2, 2], 2,
            Hasty with { RequestPath = "data.instances", Headers = new Dictionary<string, string> { ["Authorization"] = "Bearer abc" } });
        classifier.Predict(torch.tensor([0f, 0.25f, 0.5f, 0.1f]).view(1, 1, 2, 2));
        Assert.Equal("""{"data":{"instances":[[[[0,0.25],[0.5,0.1]]]]}}""", seen);
        Assert.Equal("Bearer abc", Assert.Single(server.Authorizations));
    }

    [Fact]
    public void Endpoints_of_others_are_refused()
    {
        foreach (string address in new[] { "https://example.com/api", "http://192.168.1.7:80/x", "http://127.0.0.1.example.com/" })
        {
            Assert.Equal("endpoint", Assert.Throws<OptionsException>(() => HttpClassifier.Connect(new Uri(address), [2], 2)).Option);
            HttpClassifier.Connect(new Uri(address), [2], 2, new() { IsOwnEndpoint = true }).Dispose();
        }

        HttpClassifier.Connect(new Uri("http://localhost:5000/"), [2], 2).Dispose();
        HttpClassifier.Connect(new Uri("http://[::1]:5000/"), [2], 2).Dispose();
        Assert.Throws<OptionsException>(() => HttpClassifier.Connect(new Uri("ftp://localhost/"), [2], 2));
        Assert.Throws<OptionsException>(() => HttpClassifier.Connect(new Uri("/classify", UriKind.Relative), [2], 2));
    }

    [Fact]
    public void What_cannot_be_sent_is_refused()
    {
        using var scope = torch.NewDisposeScope();
        using var classifier = HttpClassifier.Connect(new Uri("http://localhost:1/"), [2], 2);
        Assert.Throws<ShapeException>(() => classifier.Predict(torch.zeros(2, 3)));
        Assert.Throws<DataException>(() => classifier.Predict(torch.full([1, 2], double.NaN, dtype: torch.float32)));
        void Refused(string option, HttpClassifierOptions options) => Assert.Equal(option, Assert.Throws<OptionsException>(options.Validate).Option);
        Refused("requestPath", new() { RequestPath = "a..b" });
        Refused("requestPath", new() { RequestPath = "a.*" });
        Refused("responsePath", new() { ResponsePath = "a.*.*" });
        Refused("maxBatchSize", new() { MaxBatchSize = 0 });
        Refused("maxConcurrency", new() { MaxConcurrency = 0 });
        Refused("requestsPerSecond", new() { RequestsPerSecond = 0 });
        Refused("timeout", new() { Timeout = TimeSpan.Zero });
        Refused("maxRetries", new() { MaxRetries = -1 });
        Refused("longestPause", new() { LongestPause = TimeSpan.FromMilliseconds(1) });
        Refused("classNames", new() { ClassNames = ["a", "a"] });
    }

    // Five classes by name, of which the two likeliest are told; the first value of an input is the probability of "b".
    private static Reply TopTwo(JsonElement request) => new(
        $$"""{"top": [{{string.Join(", ", request.GetProperty("inputs").EnumerateArray().Select(x => string.Create(CultureInfo.InvariantCulture, $$$"""[{"label": "b", "score": {{{x[0].GetSingle():R}}}}, {"label": "d", "score": 0.2}]""")))}}]}""");

    private static HttpClassifierOptions Top => Hasty with { Answer = HttpAnswer.TopProbabilities, ClassNames = ["a", "b", "c", "d", "e"] };

    [Fact]
    public void Of_the_likeliest_classes_the_others_share_what_is_left()
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((_, request) => TopTwo(request));
        using var classifier = HttpClassifier.Connect(server.Address, [2], 5, Top with { MaxBatchSize = 2 });
        var partial = Assert.IsAssignableFrom<IPartialScores>(classifier);
        Assert.Null(partial.KnownClasses);
        Tensor inputs = torch.tensor(new[,] { { 0.5f, 0f }, { 0.7f, 0f }, { 0.26f, 0f } });
        float[] expected = [0.1f, 0.5f, 0.1f, 0.2f, 0.1f, 0.1f / 3, 0.7f, 0.1f / 3, 0.2f, 0.1f / 3, 0.18f, 0.26f, 0.18f, 0.2f, 0.18f];
        Assert.All(partial.Probabilities(inputs).flatten().data<float>().ToArray().Zip(expected), p => Assert.Equal(p.Second, p.First, 1e-6f));
        Assert.Equal([1L, 1, 1], classifier.Predict(inputs).data<long>().ToArray());
        Assert.Equal(2, partial.KnownClasses);

        // Whoever stands between passes it on.
        Assert.Equal(2, ((IPartialScores)QueryCache.Around(classifier)).KnownClasses);
        Assert.Equal(2, new ScoresOnly(partial).KnownClasses);
    }

    [Fact]
    public void Where_all_classes_are_told_nothing_is_assumed()
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((_, _) => new("""[[{"id": 1, "p": 0.9}, {"id": 0, "p": 0.1}]]"""));
        using var classifier = HttpClassifier.Connect(server.Address, [2], 2, Hasty with { Answer = HttpAnswer.TopProbabilities, ResponsePath = "", TopLabel = "id", TopScore = "p" });
        var partial = (IPartialScores)classifier;
        Assert.Equal([0.1f, 0.9f], partial.Probabilities(Inputs(1)).flatten().data<float>().ToArray());
        Assert.Null(partial.KnownClasses);
    }

    [Theory]
    [InlineData("""{"top": [[]]}""", "expected an array of objects")]
    [InlineData("""{"top": [[{"label": "b"}]]}""", "has no \"score\"")]
    [InlineData("""{"top": [[{"label": "z", "score": 0.5}]]}""", "expected one of the class names")]
    [InlineData("""{"top": [[{"label": "b", "score": 1.5}]]}""", "expected one in [0, 1]")]
    [InlineData("""{"top": [[{"label": "b", "score": 0.5}, {"label": "b", "score": 0.3}]]}""", "twice")]
    [InlineData("""{"top": [[{"label": "b", "score": 0.9}, {"label": "c", "score": 0.4}]]}""", "sum of at most 1")]
    [InlineData("""{"top": [[{"label": "b", "score": 0.5}, {"label": "c", "score": 0.01}]]}""", "likelier than the least")]
    public void Likeliest_classes_are_checked(string body, string problem)
    {
        using var scope = torch.NewDisposeScope();
        using var server = new LoopbackServer((_, _) => new(body));
        using var classifier = HttpClassifier.Connect(server.Address, [2], 5, Top);
        Assert.Contains(problem, Assert.Throws<ModelOutputException>(() => classifier.Predict(torch.zeros(1, 2))).Message, StringComparison.Ordinal);
    }
}
