using Espalier.Communication;
using Espalier.Training.Averages;
using Espalier.Training.Objectives;

namespace Espalier.Training.Loop;

/// <summary>What an <see cref="Objective"/> is told before the first step.</summary>
/// <param name="Ema">The moving average of its model, or null; <see cref="ModelEma.BindTo"/> makes it a teacher.</param>
/// <param name="Communicator">The ranks that train together.</param>
/// <param name="Options">The options of the training.</param>
/// <param name="State">The start.</param>
public sealed record TrainingSetup(ModelEma? Ema, ICommunicator Communicator, TrainerOptions Options, TrainingState State);
