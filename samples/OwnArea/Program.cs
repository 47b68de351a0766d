// An area of one's own: data, network, objective, task, stage, report and command, in a program that has all of espalier's commands too.
//   dotnet run -c Release --project samples/OwnArea -- run samples/OwnArea/line.json
using Espalier.Cli;
using OwnArea;

return EspalierHost.Run(args, host =>
{
    host.Recipes.Add(new LineTask()).Add(new ForecastStage());
    host.Commands.Add(new LineCommands());
});
