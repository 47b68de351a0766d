using CsCheck;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Tokenizers;
using Espalier.Tests.Concurrency;
using Espalier.Tests.Data;
using Tokenizer = Espalier.Language.Tokenizers.Tokenizer;

namespace Espalier.Tests.Language;

[Collection(Beside.Name)]
public sealed class TokenizerTests
{
    private const string Sample = "The farmer's birds see 12 ships -- they sleep. Naïve Grüße, 東京 and 🚀🚀!\n\n  Twice: the farmer's birds see 12 ships.";

    // Any UTF-16 code units, so that unpaired surrogates, controls and emoji are among them.
    private static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.Char.Array[0, 40].Select(c => new string(c)),
        Gen.OneOf([.. new[] { "the ", "farmer", "'s", " 12", "🚀", "\ud83d", "\ude80", "é", "\r\n", "  ", "東京", "\u2028", "!" }.Select(Gen.Const)]).Array[0, 20].Select(string.Concat));

    private static BytePairTokenizer Trained { get; } = BytePairTokenizer.Train([Sample, Sample], 320, [SpecialToken.Mask]);

    [Fact]
    public void Bytes_and_byte_pairs_give_every_string_back()
    {
        var bytes = new ByteTokenizer([]);
        AnyText.Sample(text => bytes.Decode(bytes.Encode(text)) == text && Trained.Decode(Trained.Encode(text)) == text, iter: 20_000);
    }

    [Fact]
    public void Characters_give_back_the_text_they_were_learned_from()
        => AnyText.Where(t => t.Length > 0).Sample(text =>
        {
            CharacterTokenizer tokenizer = CharacterTokenizer.Train([text], []);
            return tokenizer.Decode(tokenizer.Encode(text)) == text;
        }, iter: 5_000);

    [Fact]
    public void Characters_are_sorted_by_code_point_and_special_tokens_stand_behind_them()
    {
        CharacterTokenizer tokenizer = CharacterTokenizer.Train(["b\na🚀\uFFFDa"], [SpecialToken.Mask, SpecialToken.Pad]);
        // U+FFFD comes before U+1F680, although its code unit comes after the surrogates'.
        Assert.Equal([2, 0, 1, 4, 3, 1], tokenizer.Encode("b\na🚀\uFFFDa"));
        Assert.Equal((5, 6, 7), (tokenizer.Specials.Pad, tokenizer.Specials.Mask, tokenizer.VocabularySize));
        Assert.Equal("[MASK]", tokenizer.Show(6));
        Assert.Equal("ba", tokenizer.Decode([2, 6, 1, 5]));
        Assert.Contains("U+0078 at character 1", Assert.Throws<DataException>(() => tokenizer.Encode("ax")).Message, StringComparison.Ordinal);
        Assert.Throws<DataException>(() => tokenizer.Decode([7]));
    }

    [Fact]
    public void Words_are_counted_and_rare_ones_are_unknown()
    {
        var options = new TokenizerOptions { Kind = TokenizerKind.Word, MinimumCount = 2, LowerCase = true, Split = WordSplit.Punctuation };
        WordTokenizer tokenizer = WordTokenizer.Train(["A cat, a dog.", "The cat; the bird."], options, [SpecialToken.Pad]);
        // Twice each: comma and semicolon stand once; ties are in the order of their code units.
        Assert.Equal([".", "a", "cat", "the"], Enumerable.Range(0, 4).Select(tokenizer.Show));
        Assert.Equal(6, tokenizer.VocabularySize);
        Assert.Equal([1, 2, 5, 3, 5, 0], tokenizer.Encode("a CAT, the fish."));
        Assert.Equal("a cat the .", tokenizer.Decode(tokenizer.Encode("a CAT, the fish.")));
    }

    [Fact]
    public void Byte_pairs_merge_the_most_frequent_neighbours_first()
    {
        // Worked by hand: of "aaabdaaabac" (one piece), aa occurs four times, then X = aa makes Xa 2, ab 2, ... ; of
        // equally frequent pairs the smaller left token comes first.
        BytePairTokenizer tokenizer = BytePairTokenizer.Train(["aaabdaaabac"], 256 + 3, []);
        Assert.Equal([('a', 'a'), ('a', 'b'), (256, 257)], tokenizer.Merges);
        Assert.Equal([258, 'd', 258, 'a', 'c'], tokenizer.Encode("aaabdaaabac"));
    }

    [Fact]
    public void Training_equals_the_definition_that_counts_anew_each_time()
        => Gen.Char["ab c"].Array[5, 60].Select(c => new string(c)).Array[1, 5].Sample(texts =>
        {
            IReadOnlyList<(int, int)> merges = BytePairTokenizer.Train(texts, 256 + 12, []).Merges;
            return merges.SequenceEqual(CountedAnew(texts, 12));
        }, iter: 500);

    [Fact]
    public void Byte_pairs_agree_with_another_implementation_of_the_same_vocabulary()
    {
        // A tiktoken file lists the bytes of every token with its rank; merging there goes by the rank of what a merge makes.
        string file = string.Join('\n', Enumerable.Range(0, Trained.VocabularySize - 1).Select(i => $"{Convert.ToBase64String(Trained.BytesOf(i))} {i}"));
        var other = new ImportedTokenizer(ImportedFormat.Tiktoken, System.Text.Encoding.UTF8.GetBytes(file), "test", [SpecialToken.Mask]);
        Assert.Equal(Trained.VocabularySize, other.VocabularySize);
        Assert.Equal(Trained.Specials.Mask, other.Specials.Mask);
        Assert.Equal(Trained.Encode(Sample), other.Encode(Sample));
        Gen.OneOf([.. new[] { "the ", "farmer", "'s", " 12", "🚀", "é", "\r\n", "  ", "東京", "!", " birds", "see", " sleep.", "x" }.Select(Gen.Const)]).Array[0, 30].Select(string.Concat)
            .Sample(text => Trained.Encode(text).SequenceEqual(other.Encode(text)) && other.Decode(other.Encode(text)) == text, iter: 2_000);
    }

    [Fact]
    public void Byte_pairs_agree_with_the_byte_level_tokenizer_of_the_same_merges()
    {
        // GPT-2 writes each byte as a printable character.
        char[] printable = [.. Enumerable.Range(0, 256).Select(Printable)];
        string Written(int id) => new([.. Trained.BytesOf(id).ToArray().Select(b => printable[b])]);
        var other = Microsoft.ML.Tokenizers.BpeTokenizer.Create(new Microsoft.ML.Tokenizers.BpeOptions(Enumerable.Range(0, Trained.VocabularySize - 1).Select(i => KeyValuePair.Create(Written(i), i)))
        {
            Merges = Trained.Merges.Select(m => $"{Written(m.Left)} {Written(m.Right)}"),
            ByteLevel = true,

            // The library's default drops the spaces before words.
            PreTokenizer = new Microsoft.ML.Tokenizers.RegexPreTokenizer(new(@"[\s\S]+"), null),
        });
        foreach (string piece in BytePairTokenizer.Pieces(Sample))
            Assert.Equal(Trained.Encode(piece), other.EncodeToIds(piece));
    }

    [Fact]
    public void Word_pieces_are_the_longest_of_the_vocabulary()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##aff\n##able\n##a\nthe\n!\n");
        var tokenizer = (ImportedTokenizer)TokenizerFactory.Create(new() { Kind = TokenizerKind.File, Path = path }, [], []);
        Assert.Equal([9, 5, 6, 7, 10, 1], tokenizer.Encode("The unaffable! zebra"));
        Assert.Equal((0, 1, 2, 3, 4), (tokenizer.Specials.Pad, tokenizer.Specials.Unknown, tokenizer.Specials.Class, tokenizer.Specials.Separator, tokenizer.Specials.Mask));
        Assert.Equal(11, tokenizer.VocabularySize);
        Assert.Equal("the unaffable!", tokenizer.Decode([2, 9, 5, 6, 7, 10, 3]).Replace(" !", "!", StringComparison.Ordinal));
    }

    [Fact]
    public void A_saved_tokenizer_is_the_same()
    {
        using var folder = new TemporaryFolder();
        byte[] vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##able\n"u8.ToArray();
        Tokenizer[] all =
        [
            CharacterTokenizer.Train([Sample + "\ud800"], [SpecialToken.Mask]), new ByteTokenizer([SpecialToken.Class]), Trained,
            WordTokenizer.Train([Sample], new() { Kind = TokenizerKind.Word, Split = WordSplit.Punctuation }, [SpecialToken.Pad]),
            new ImportedTokenizer(ImportedFormat.WordPiece, vocabulary, "test"),
        ];
        foreach (Tokenizer tokenizer in all)
        {
            string path = folder.File("tokenizer.json");
            tokenizer.Save(path);
            Tokenizer loaded = Tokenizer.Load(path);
            Assert.True(loaded.IsSameAs(tokenizer));
            Assert.Equal((tokenizer.VocabularySize, tokenizer.Specials.Mask), (loaded.VocabularySize, loaded.Specials.Mask));
            Assert.Equal(tokenizer.Encode(Sample), loaded.Encode(Sample));
            byte[] first = File.ReadAllBytes(path);
            loaded.Save(path);
            Assert.Equal(first, File.ReadAllBytes(path));
        }
    }

    [Theory]
    [InlineData("", "is no tokenizer")]
    [InlineData("{\"format\":\"other\"}", "is of format 'other'")]
    [InlineData("{\"format\":\"espalier-tokenizer-1\",\"kind\":\"word\"}", "lacks the vocabulary")]
    [InlineData("{\"format\":\"espalier-tokenizer-1\",\"kind\":\"bytePair\",\"merges\":[97]}", "half a merge")]
    [InlineData("{\"format\":\"espalier-tokenizer-1\",\"kind\":\"bytePair\",\"merges\":[97,300]}", "joins 97 and 300")]
    [InlineData("{\"format\":\"espalier-tokenizer-1\",\"kind\":\"word\",\"words\":[\"a\",\"a\"]}", "'a' twice")]
    [InlineData("{\"format\":\"espalier-tokenizer-1\",\"kind\":\"byte\",\"more\":1}", "is no tokenizer")]
    public void A_bad_file_is_refused_with_what_is_wrong(string content, string problem)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("tokenizer.json", content);
        Assert.Contains(problem, Assert.Throws<DataException>(() => Tokenizer.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Three_megabytes_are_learned_in_seconds()
    {
        Assert.SkipUnless(Espalier.Data.Catalog.DataFolders.FromEnvironment().Local is not null, "set ESPALIER_DATA to the folder of the local data sets");
        LoadedText text = Espalier.Data.Catalog.DataCatalog.Default.LoadText(new() { Name = "war-and-peace" });
        Assert.Equal(3_201_634, new[] { text.Train, text.Validation, text.Test }.Sum(p => p.Documents[0].EnumerateRunes().Count()));
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        BytePairTokenizer tokenizer = BytePairTokenizer.Train(text.Train.Documents, 8_000, []);
        TimeSpan trained = System.Diagnostics.Stopwatch.GetElapsedTime(start);
        IReadOnlyList<int> ids = tokenizer.Encode(text.Validation.Documents[0]);
        Assert.Equal(text.Validation.Documents[0], tokenizer.Decode(ids));
        Assert.InRange((double)text.Validation.Documents[0].Length / ids.Count, 3, 6);
        Assert.True(trained < TimeSpan.FromSeconds(30), $"learning took {trained}");
    }

    private static IEnumerable<(int, int)> CountedAnew(string[] texts, int count)
    {
        List<int>[] words = [.. texts.SelectMany(BytePairTokenizer.Pieces).Select(p => p.Select(c => (int)c).ToList())];
        for (int made = 0; made < count; made++)
        {
            var best = words.SelectMany(w => w.Zip(w.Skip(1))).GroupBy(p => p).OrderByDescending(g => g.Count()).ThenBy(g => g.Key.First).ThenBy(g => g.Key.Second).FirstOrDefault();
            if (best is null || best.Count() < 2)
                yield break;
            (int left, int right) = best.Key;
            yield return best.Key;
            foreach (List<int> word in words)
            {
                for (int i = 0; i + 1 < word.Count; i++)
                {
                    if ((word[i], word[i + 1]) == (left, right))
                    {
                        word[i] = 256 + made;
                        word.RemoveAt(i + 1);
                    }
                }
            }
        }
    }

    private static char Printable(int b)
    {
        static bool Stays(int x) => x is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        return (char)(Stays(b) ? b : 256 + Enumerable.Range(0, b).Count(x => !Stays(x)));
    }
}
