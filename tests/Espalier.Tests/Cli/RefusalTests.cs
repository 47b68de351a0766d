using Espalier.Recipes.Engine;
using Espalier.Runs.Store;
using Espalier.Tests.Data;
using Espalier.Tests.Recipes;

namespace Espalier.Tests.Cli;

public sealed class RefusalTests(TinyRun tiny) : IClassFixture<TinyRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("recipe 'digit'", "did you mean 'digits'?", "run", "digit")]
    [InlineData("no option 'train.batchsize'", "did you mean 'train.batchSize'?", "run", "digits", "--set", "train.batchsize=3")]
    [InlineData("'train.batchSize' cannot be abc", "whole number", "run", "digits", "--set", "train.batchSize=abc")]
    [InlineData("data set 'digitz'", "did you mean 'digits'?", "run", "digits", "--set", "data.name=digitz")]
    [InlineData("'train.optimizer.learningRate' is -1", "above 0", "run", "digits", "--set", "train.optimizer.learningRate=-1")]
    [InlineData("'train.batchSize' is 5000", "training samples", "run", "digits", "--set", "train.batchSize=5000")]
    [InlineData("'model.gmlp.imageHeight' is 8", "3", "run", "digits", "--set", "model.gmlp.patchSize=3")]
    [InlineData("frobnicate", "espalier --help", "frobnicate")]
    [InlineData("frobnicate", "espalier --help", "run", "digits", "--frobnicate")]
    [InlineData("abc", "espalier --help", "run", "digits", "--threads", "abc")]
    [InlineData("l7", "lInf, l2", "attack", "--norm", "l7")]
    [InlineData("'threads' is 0", "at least 1", "doctor", "--threads", "0")]
    [InlineData("'device' is \"tpu\"", "cpu, cuda", "doctor", "--device", "tpu")]
    [InlineData("'device' is \"cpu:x\"", "cpu, cuda", "doctor", "--device", "cpu:x")]
    [InlineData("recipe", "espalier recipes", "run")]
    [InlineData("run 'absent'", "", "evaluate", "absent")]
    [InlineData("data set 'digitz'", "did you mean 'digits'?", "data", "info", "digitz")]
    [InlineData("batchSize", "--batch-size", "scale", "digits")]
    [InlineData("runs", "at least two", "runs", "compare", "one")]
    [InlineData("'train.baseBatchSize' is 5000", "training samples", "run", "digits", "--base-batch-size", "5000")]
    [InlineData("'train.microBatchSize' is 1", "one sample has no variance", "run", "byol", "--micro-batch-size", "1")]
    [InlineData("'train.ghostBatchSize' is 24", "must divide the micro-batch", "run", "byol", "--set", "train.ghostBatchSize=24")]
    [InlineData("'train.ema' is missing", "teacher", "run", "byol", "--set", "train.ema=null")]
    [InlineData("'model.name' is \"mlp\"", "encoder", "run", "byol", "--set", "model.name=mlp")]
    [InlineData("'train.optimizer.beta1' is 0.9", "largest legal kappa is 10", "run", "digits", "--batch-size", "1024", "--set", "train.scaling.betas=linear")]
    [InlineData("'sigmaRel' is missing", "--sigma-rel", "ema")]
    [InlineData("reproduction 'ema-scalin'", "did you mean 'ema-scaling'?", "reproduce", "ema-scalin")]
    [InlineData("part 'byl'", "did you mean 'byol'?", "reproduce", "ema-scaling", "--part", "byl")]
    [InlineData("'distributed' is \"nccl\"", "must be mpi", "run", "digits", "--distributed", "nccl")]
    public void A_mistake_is_one_line_and_exit_code_2(string problem, string remedy, params string[] arguments) =>
        Refused(problem, remedy, arguments.Contains("run") && arguments.Length > 1 ? [.. arguments, "--out", _folder.File("out")] : arguments);

    [Fact]
    public void A_device_that_is_not_here_is_refused()
    {
        Assert.SkipWhen(torch.cuda_is_available() && torch.cuda.device_count() > 9, "this machine has a tenth device");
        Refused("'device' is \"cuda:9\"", "espalier doctor", "run", "digits", "--device", "cuda:9");
    }

    [Fact]
    public void A_folder_that_holds_a_run_is_not_overwritten()
    {
        string before = File.ReadAllText(Path.Combine(tiny.Folder, "run.json"));
        Refused("'out'", "resume that run", "run", "digits", "--out", tiny.Folder);
        Assert.Equal(before, File.ReadAllText(Path.Combine(tiny.Folder, "run.json")));
    }

    [Fact]
    public void A_mistake_in_the_options_leaves_no_folder_behind()
    {
        Refused("data set", "", "run", "digits", "--set", "data.name=digitz", "--out", _folder.File("out"));
        Assert.False(Directory.Exists(_folder.File("out")));
    }

    [Fact]
    public void Resuming_keeps_the_options() => Refused("'resume'", "leave out --set", "run", "--resume", tiny.Folder, "--set", "train.batchSize=8");

    [Fact]
    public void An_audit_cannot_be_resumed()
    {
        using (Run.CreateAt(_folder.File("audit"), new RunManifest { Name = "tiny-attack", Kind = "attack", Options = RecipeRun.OptionsOf(tiny.Recipe) }))
            Refused("'resume'", "audit", "run", "--resume", _folder.File("audit"));
        Assert.False(File.Exists(_folder.File("audit/model.safetensors")));
    }

    [Theory]
    [InlineData("income,granted\n1,yes\nNaN,no\n", "line 3 (row 2), column 'income'", "missing")]
    [InlineData("income,granted\n1,yes\n\"\",no\n", "line 3 (row 2), column 'income'", "missing")]
    [InlineData("income,granted\n1,yes\nInfinity,no\n", "line 3 (row 2), column 'income'", "not finite")]
    [InlineData("income,granted\n1,yes\n2\n", "line 3", "1 columns")]
    [InlineData("income,granted\n1,yes\n2,yes\n", "column 'granted'", "one class only")]
    public void A_bad_table_is_refused_with_line_and_column(string csv, string where, string problem)
    {
        CommandResult result = RunTable(csv);
        IsOneLine(result);
        Assert.Contains(where, result.Error, StringComparison.Ordinal);
        Assert.Contains(problem, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data.csv.target=grantd", "has no column 'grantd'; did you mean 'granted'?")]
    [InlineData("data.csv.exclude=[\"hom\"]", "has no column 'hom'; did you mean 'home'?")]
    [InlineData("data.csv.categorical=[\"incom\"]", "has no column 'incom'; did you mean 'income'?")]
    [InlineData("data.csv.target=income", "column 'income'")]
    [InlineData("data.path=nowhere.csv", "nowhere.csv: cannot be read")]
    [InlineData("data.path=null", "'data.path' is missing")]
    public void A_column_or_file_that_is_not_there_is_named(string assignment, string problem)
    {
        CommandResult result = RunTable(TinyRecipe.Csv(1200), assignment);
        IsOneLine(result);
        Assert.Contains(problem, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_IDX_file_is_refused()
    {
        WriteIdx("train", [0, 1, 0, 1, 0, 1, 0, 1, 0, 1], cut: 3);
        Refused("is truncated: 37 of 40 values", "", RunIdx());
    }

    [Fact]
    public void A_label_out_of_range_is_refused()
    {
        WriteIdx("train", [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
        WriteIdx("t10k", [0, 1, 5]);
        Refused("label 5 of sample 2 is out of range", "0 to 1", RunIdx());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(-1)]
    public void Truncated_weights_are_refused(int length)
    {
        foreach (string file in Directory.GetFiles(tiny.Folder))
            _folder.Write(Path.Combine("run", Path.GetFileName(file)), File.ReadAllBytes(file));
        byte[] weights = File.ReadAllBytes(_folder.File("run/model.safetensors"));
        _folder.Write("run/model.safetensors", weights[..(length < 0 ? weights.Length + length : length)]);
        Refused("model.safetensors", "copy or save it again", "evaluate", _folder.File("run"), "--out", _folder.File("out"));
    }

    private void Refused(string problem, string remedy, params string[] arguments)
    {
        CommandResult result = InProcess.Run(arguments);
        IsOneLine(result);
        Assert.Contains(problem, result.Error, StringComparison.Ordinal);
        Assert.Contains(remedy, result.Error, StringComparison.Ordinal);
    }

    private static void IsOneLine(CommandResult result)
    {
        Assert.True(result.ExitCode == 2, $"exit code {result.ExitCode}: {result.Error}{result.Output}");
        string line = Assert.Single(result.Error.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", line, StringComparison.Ordinal);
    }

    private CommandResult RunTable(string csv, string? assignment = null)
    {
        string[] arguments = ["run", _folder.Write("table.json", TinyRecipe.Table), "--quiet", "--out", _folder.File("out"), "--set", $"data.path={_folder.Write("table.csv", csv)}"];
        return InProcess.Run(assignment is null ? arguments : [.. arguments, "--set", assignment]);
    }

    private string[] RunIdx() =>
        ["run", _folder.Write("table.json", TinyRecipe.Table), "--quiet", "--out", _folder.File("out"), "--set", "data.name=idx", "--set", $"data.path={_folder.Path}", "--set", "train.batchSize=2"];

    private void WriteIdx(string part, byte[] labels, int cut = 0)
    {
        byte[] images = [0, 0, 8, 3, 0, 0, 0, (byte)labels.Length, 0, 0, 0, 2, 0, 0, 0, 2, .. new byte[labels.Length * 4]];
        _folder.Write($"{part}-images-idx3-ubyte", images[..^cut]);
        _folder.Write($"{part}-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, (byte)labels.Length, .. labels]);
    }
}
