using System.Runtime.CompilerServices;
using BenchmarkDotNet.Running;
using Espalier.Benchmarks;
using Espalier.Benchmarks.Anomaly;
using Espalier.Benchmarks.Attacks;
using Espalier.Benchmarks.Communication;
using Espalier.Benchmarks.Micro;
using Espalier.Benchmarks.Mutation;
using Espalier.Benchmarks.Networks;
using Espalier.Benchmarks.Onnx;
using Espalier.Benchmarks.Overhead;
using Espalier.Benchmarks.Parity;
using Espalier.Benchmarks.Scaling;
using Espalier.Benchmarks.Text;
using Espalier.Training.Loop;

// The core prepares the C environment when it loads; that must come before libtorch does.
RuntimeHelpers.RunModuleConstructor(typeof(Trainer).Module.ModuleHandle);
Espalier.Runtime.EspalierRuntime.Tune();
switch (args)
{
    case ["trainer-overhead", .. var rest]:
        OverheadCommand.Run(new CommandArguments(rest));
        break;
    case ["allreduce", .. var rest]:
        AllReduceCommand.Run(new CommandArguments(rest));
        break;
    case ["ema-cost", .. var rest]:
        EmaCostCommand.Run(new CommandArguments(rest));
        break;
    case ["batch-curve", .. var rest]:
        BatchCurveCommand.Run(new CommandArguments(rest));
        break;
    case ["network-step", .. var rest]:
        NetworkStepCommand.Run(new CommandArguments(rest));
        break;
    case ["network-memory", .. var rest]:
        NetworkMemoryCommand.Run(new CommandArguments(rest));
        break;
    case ["network-serve", .. var rest]:
        NetworkServeCommand.Run(new CommandArguments(rest));
        break;
    case ["onnx", .. var rest]:
        OnnxServeCommand.Run(new CommandArguments(rest));
        break;
    case ["checkpoint-load", var file, .. var rest]:
        CheckpointLoadCommand.Run(file, new CommandArguments(rest));
        break;
    case ["text-step", .. var rest]:
        TextStepCommand.Run(new CommandArguments(rest));
        break;
    case ["generate", .. var rest]:
        GenerateCommand.Run(new CommandArguments(rest));
        break;
    case ["attack-speed", .. var rest]:
        AttackSpeedCommand.Run(new CommandArguments(rest));
        break;
    case ["tabular-speed", .. var rest]:
        TabularSpeedCommand.Run(new CommandArguments(rest));
        break;
    case ["detector-speed", .. var rest]:
        DetectorSpeedCommand.Run(new CommandArguments(rest));
        break;
    case ["math-kernels", .. var rest]:
        MathKernelsCommand.Run(new CommandArguments(rest));
        break;
    case ["mutate-data", .. var rest]:
        MutateDataCommand.Run(new CommandArguments(rest));
        break;
    case ["export-parity", var file]:
        ParityExport.Run(file);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Arm).Assembly).Run(args, new InProcessConfig());
        break;
}
