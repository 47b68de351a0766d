using System.ComponentModel;
using System.Diagnostics;

namespace Espalier.Distributed;

/// <summary>
/// Says one line for a rank that can no longer speak. When a rank is killed, MPICH's launcher kills the others (SIGKILL)
/// without a word that a user understands, so the line must come from outside the ranks: each has a shell waiting at
/// the end of a pipe, in a session of its own, which the launcher does not kill. The pipe closes with the rank; if no
/// farewell came through it, the shell speaks. It has inherited the rank's connection to the launcher, which learns of
/// the death only when the shell is done: so the first to speak is the one that died first. Who may speak is decided by
/// removing a file that all share.
/// </summary>
internal sealed class LastWords : IDisposable
{
    private const string Farewell = "farewell";
    private const string Script = $$"""
        IFS=; words=$2
        while read -r line; do
            if [ "$line" = {{Farewell}} ]; then rm -f -- "$3"; exit 0; fi
            words=$line
        done
        # The transport ends a rank whose partner has died: the partner's words go first. Its own lines look like [host:1:2:3].
        if [ -s "$3" ]; then sleep 1; grep -v '^\[[^]]*:[0-9]*:[0-9]*:[0-9]*\]' "$3" >&2; fi
        rm -f -- "$3"
        rm -- "$1" </dev/null 2>/dev/null && printf '%s\n' "$words" >&2
        """;

    // How long a rank that ends the job waits for the one that has the word.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    // How long a rank that may have failed because of another lets the other speak.
    private static readonly TimeSpan s_deference = TimeSpan.FromSeconds(1);

    private readonly string _token;
    private readonly string _claim;
    private readonly Process? _shell;
    private bool _claimed;

    private LastWords(string token, Process? shell) => (_token, _claim, _shell) = (token, $"{token}-claimed", shell);

    /// <summary>Makes the file whose removal is the right to speak.</summary>
    public static string CreateToken()
    {
        string path = Path.Combine(Path.GetTempPath(), $"espalier-job-{Guid.NewGuid():n}");
        File.WriteAllText(path, "");
        return path;
    }

    /// <summary>Starts the shell.</summary>
    /// <param name="token">The shared file.</param>
    /// <param name="words">What to say when this rank dies.</param>
    public static LastWords Prepare(string token, string words)
    {
        if (!OperatingSystem.IsLinux())
            return new LastWords(token, null);
        try
        {
            return new LastWords(token, Process.Start(new ProcessStartInfo("setsid", ["sh", "-c", Script, "espalier", token, words, NativeEnvironment.NativeLog]) { RedirectStandardInput = true }));
        }
        catch (Win32Exception)
        {
            return new LastWords(token, null); // A system without setsid: the launcher's own words must do.
        }
    }

    /// <summary>Takes the right to speak; true for one rank, once.</summary>
    public bool TryClaim()
    {
        try
        {
            File.Move(_token, _claim);
            return !_claimed && (_claimed = true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>As <see cref="TryClaim"/>, but lets another rank go first: for an error that may follow from the other's death.</summary>
    public bool TryClaimAfterOthers()
    {
        for (Stopwatch clock = Stopwatch.StartNew(); File.Exists(_token) && clock.Elapsed < s_deference;)
            Thread.Sleep(5);
        return TryClaim();
    }

    /// <summary>
    /// Before all ranks are ended: what this rank had to say has been said, or another has taken the right to speak and is given a
    /// moment to do so, since to end all ranks would be to end it in the middle of its sentence.
    /// </summary>
    public void LetSpeak()
    {
        for (Stopwatch clock = Stopwatch.StartNew(); !_claimed && File.Exists(_claim) && clock.Elapsed < s_patience;)
            Thread.Sleep(5);
        Forget();
    }

    /// <summary>Other words.</summary>
    public void Change(string words) => Send(words);

    /// <summary>This rank ends in order: nothing is to be said.</summary>
    public void Dispose()
    {
        if (_claimed)
            Forget();
        Send(Farewell);
        _shell?.Dispose();
    }

    private void Forget()
    {
        try
        {
            File.Delete(_claim);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A temporary file more; who waits for it has its limit.
        }
    }

    private void Send(string line)
    {
        try
        {
            _shell?.StandardInput.WriteLine(line);
            _shell?.StandardInput.Flush();
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The shell has been killed; nobody is left to speak to.
        }
    }
}
