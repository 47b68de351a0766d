using Espalier.Errors;
using Espalier.Files;
using Espalier.Runs.Store;
using Espalier.Tests.Data;

namespace Espalier.Tests.Files;

public sealed class FileLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_lock_is_held_by_one_and_names_its_process()
    {
        string path = _folder.File("x.lock");
        using (FileLock? held = FileLock.TryTake(path, out int? nobody))
        {
            Assert.NotNull(held);
            Assert.Null(nobody);
            Assert.Null(FileLock.TryTake(path, out int? holder));
            Assert.Equal(Environment.ProcessId, holder);
        }

        // What a dead process left is no lock.
        File.WriteAllText(path, "1");
        using FileLock? again = FileLock.TryTake(path, out _);
        Assert.NotNull(again);
    }

    [Fact]
    public void A_run_that_is_worked_on_cannot_be_resumed()
    {
        var manifest = new RunManifest { Name = "r", Kind = "run" };
        string folder = _folder.File("run");
        using (Run first = Run.CreateAt(folder, manifest))
        {
            using Run second = Run.Open(folder);
            CheckpointException error = Assert.Throws<CheckpointException>(second.Resume);
            Assert.Contains($"process {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
            Assert.Equal(RunStatus.Running, Run.Open(folder).Manifest.Status);
        }

        using Run later = Run.Open(folder);
        later.Resume();
        later.Finish(RunStatus.Completed);
        using Run last = Run.Open(folder);
        last.Resume();
    }

    [Fact]
    public void Temporary_names_differ_and_those_of_the_dead_are_removed()
    {
        string path = _folder.File("state.json");
        Assert.NotEqual(TemporaryNames.For(path), TemporaryNames.For(path));
        string dead = $"{path}.{int.MaxValue}.7.tmp";
        string old = $"{path}.{int.MaxValue}.tmp";
        string alive = $"{path}.{Environment.ProcessId}.999999.tmp";
        string other = _folder.File("state.json.backup.tmp");
        string folder = _folder.File($"state.json.{int.MaxValue}.8.tmp");
        foreach (string left in (string[])[dead, old, alive, other])
            File.WriteAllText(left, "left");
        Directory.CreateDirectory(folder);
        AtomicFile.Replace(path, "new");
        Assert.Equal(new[] { alive, other, path }.Order(StringComparer.Ordinal), Directory.GetFileSystemEntries(_folder.Path).Order(StringComparer.Ordinal));
        Assert.Equal("new", File.ReadAllText(path));
    }

    [Fact]
    public void Writers_of_one_file_do_not_take_each_others_place()
    {
        string path = _folder.File("shared.txt");
        Parallel.For(0, 200, i => AtomicFile.Replace(path, new string((char)('a' + (i % 26)), 10_000)));
        string text = File.ReadAllText(path);
        Assert.Equal(10_000, text.Length);
        Assert.Single(text.Distinct());
        Assert.Single(Directory.GetFiles(_folder.Path));
    }
}
