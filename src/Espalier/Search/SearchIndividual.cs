namespace Espalier.Search;

/// <summary>A genome with its evaluation.</summary>
/// <param name="Number">The how-manieth evaluation it was, from 0.</param>
/// <param name="Generation">The generation that evaluated it, from 0.</param>
/// <param name="Key">The genome's canonical text.</param>
/// <param name="Genome">The genome.</param>
/// <param name="Evaluation">How it was judged.</param>
/// <typeparam name="TGenome">A candidate.</typeparam>
public sealed record SearchIndividual<TGenome>(int Number, int Generation, string Key, TGenome Genome, SearchEvaluation Evaluation);
