using System.Globalization;
using Espalier.Data.Catalog;
using Espalier.Runs.Store;
using Espalier.Runtime;
using Spectre.Console;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier doctor</c>: what is installed, what works, what is missing and how to mend it.</summary>
internal sealed class DoctorCommand : EspalierCommand<DoctorSettings>
{
    protected override int Execute(DoctorSettings settings, Session session)
    {
        if (settings.MpiCheck)
            return MpiCheck.RunAsRank(session.Terminal);
        Finding[] findings = [Tensors(), .. Kernels(), Arguments(), .. Machine(), Images(), Device(), MpiCheck.Find(), .. Folders()];
        Table table = new Table().Border(TableBorder.Simple).AddColumns("", "what", "found", "how to mend it");
        foreach (Finding finding in findings)
            table.AddRow(finding.Works ? "[green]ok[/]" : finding.Remedy is null ? "[grey]-[/]" : "[red]no[/]", Markup.Escape(finding.What), Markup.Escape(finding.Detail), Markup.Escape(finding.Remedy ?? ""));
        session.Terminal.Show(table);
        session.Terminal.Result(findings);
        return findings.Any(f => !f.Works && f.Remedy is not null && f.What is "libtorch" or "TorchSharp" or "numbers") ? NotDone : Done;
    }

    private static Finding Tensors()
    {
        try
        {
            using Tensor sum = torch.ones(1000).sum();
            return new Finding("libtorch", sum.ToSingle() == 1000, "loads and adds");
        }
        catch (Exception error) when (error is DllNotFoundException or TypeInitializationException or BadImageFormatException or NotSupportedException)
        {
            return new Finding("libtorch", false, (error.InnerException ?? error).Message.ReplaceLineEndings(" "),
                "build again on this machine; for a build made elsewhere set the property EspalierWeakenLibTorchSharp=always");
        }
    }

    private static IEnumerable<Finding> Kernels()
    {
        (bool Works, string Detail) found;
        try
        {
            found = TensorCheck.Run();
        }
        catch (Exception error) when (error is DllNotFoundException or TypeInitializationException or BadImageFormatException or NotSupportedException)
        {
            yield break; // libtorch does not load, which is said already
        }

        yield return new Finding("numbers", found.Works, found.Detail, found.Works ? null : "set ESPALIER_MATH_KERNELS=0, which leaves the choice of kernels to the library");
    }

    private static Finding Arguments() => NativeArguments.AreKept
        ? new Finding("TorchSharp", true, "arguments outlive native calls")
        : new Finding("TorchSharp", false, "is not the copy that the build prepared: numbers may be freed while native code reads them", NativeArguments.Remedy);

    private static IEnumerable<Finding> Machine()
    {
        MachineInfo machine = MachineInfo.Current();
        yield return new Finding("versions", true, $"Espalier {machine.Espalier}, TorchSharp {machine.TorchSharp}, libtorch {machine.Libtorch}, .NET {machine.DotNet}");
        yield return new Finding("system", true, machine.OperatingSystem);
        yield return new Finding("processor", true, string.Create(CultureInfo.InvariantCulture, $"{machine.Cpu}, {machine.Cores} cores, {machine.Threads} threads used, {machine.MemoryBytes / (double)(1 << 30):0.0} GiB memory"));
    }

    private static Finding Images()
    {
        try
        {
            using var bitmap = new SkiaSharp.SKBitmap(1, 1);
            return new Finding("images", true, "PNG and JPEG can be read and written");
        }
        catch (Exception error) when (error is DllNotFoundException or TypeInitializationException)
        {
            return new Finding("images", false, "SkiaSharp's native library does not load", "build again on this machine");
        }
    }

    private static Finding Device() => torch.cuda_is_available()
        ? new Finding("cuda", true, $"{torch.cuda.device_count()} device(s): use --device cuda")
        : new Finding("cuda", false, "none; everything runs on the processor");

    private static IEnumerable<Finding> Folders()
    {
        string? local = Environment.GetEnvironmentVariable("ESPALIER_DATA");
        if (string.IsNullOrEmpty(local))
            yield return new Finding("ESPALIER_DATA", false, "not set; embedded and generated data sets work without it");
        else
            yield return new Finding("ESPALIER_DATA", Directory.Exists(local), local, Directory.Exists(local) ? null : "the folder does not exist: correct the variable");
        DataCatalog catalog = DataCatalog.Default;
        string[] here = [.. catalog.Entries.Where(e => catalog.IsAvailable(e, out string _)).Select(e => e.Name)];
        yield return new Finding("data sets", true, $"{string.Join(", ", here)} (of {catalog.Entries.Count}; see espalier data list)");
        bool writable = IsWritable(Environment.CurrentDirectory);
        yield return new Finding("runs folder", writable, Path.GetFullPath("runs"), writable ? null : "this folder cannot be written: go elsewhere or give --out");
    }

    private static bool IsWritable(string folder)
    {
        try
        {
            string probe = Path.Combine(folder, $".espalier-{Guid.NewGuid():n}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
