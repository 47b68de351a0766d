using System.ComponentModel;
using Espalier.Language.Generation;
using Espalier.Recipes;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier text generate</c>: text written by a saved run's causal language model, shown as it grows.</summary>
internal sealed class TextGenerateCommand : EspalierCommand<TextGenerateCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "[RUN]")]
        [Description("The folder of a run, or last for the latest one that can write.")]
        public string Run { get; init; } = "last";

        [CommandOption("--prompt <TEXT>")]
        [Description("How the text begins; a line break where left out.")]
        public string Prompt { get; init; } = "\n";

        [CommandOption("--length <N>")]
        [Description("The largest number of new tokens.")]
        public int Length { get; init; } = 500;

        [CommandOption("--temperature <T>")]
        [Description("Below 1 safer, above 1 wilder; 0 takes the most probable token each time.")]
        public double Temperature { get; init; } = 0.8;

        [CommandOption("--top-k <K>")]
        [Description("Draw from the K most probable tokens only.")]
        public int? TopK { get; init; }

        [CommandOption("--top-p <P>")]
        [Description("Draw from the fewest tokens that together have probability P only.")]
        public double? TopP { get; init; }

        [CommandOption("--repetition-penalty <X>")]
        [Description("At least 1: makes tokens that stand in the text already less likely.")]
        public double RepetitionPenalty { get; init; } = 1;

        [CommandOption("--stop <TEXT>")]
        [Description("A text that ends the writing; may be given several times.")]
        public string[] Stop { get; init; } = [];

        [CommandOption("--samples <N>")]
        [Description("How many texts.")]
        public int Samples { get; init; } = 1;

        [CommandOption("--raw")]
        [Description("Take the weights as trained instead of the averaged ones.")]
        public bool Raw { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        var options = new GenerationOptions
        {
            Length = settings.Length,
            Temperature = settings.Temperature,
            TopK = settings.TopK,
            TopP = settings.TopP,
            RepetitionPenalty = settings.RepetitionPenalty,
            StopTexts = settings.Stop,
            Samples = settings.Samples,
            Seed = settings.Seed ?? 1,
        };
        options.Validate();
        using SavedLanguageModel model = SavedLanguageModel.Open(settings.Run, session.Device, settings.Raw ? false : null);
        var texts = new string[settings.Samples];
        Array.Fill(texts, settings.Prompt);
        bool isShown = settings is { Samples: 1, Json: false };
        if (isShown)
            session.Terminal.Document(settings.Prompt);
        try
        {
            foreach ((int sample, string part) in model.Generator.Stream(settings.Prompt, options, session.Stop))
            {
                texts[sample] += part;
                if (isShown)
                    session.Terminal.Document(part);
            }
        }
        catch (OperationCanceledException) when (session.Stop.IsCancellationRequested)
        {
            session.Terminal.Line("");
            return NotDone;
        }

        if (isShown)
            session.Terminal.Line("");
        for (int i = 0; i < texts.Length && settings.Samples > 1; i++)
        {
            session.Terminal.Line($"--- {i + 1}");
            session.Terminal.Line(texts[i]);
        }

        session.Terminal.Result(new { settings.Prompt, options.Seed, Texts = texts });
        return Done;
    }
}
