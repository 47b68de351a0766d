using Espalier.Communication;
using Espalier.Distributed;
using Espalier.Errors;

namespace Espalier.Cli.Commands;

/// <summary>The processes of a job as a command sees them.</summary>
internal static class Ranks
{
    /// <summary>Joins the job that the option names.</summary>
    /// <param name="distributed">What <c>--distributed</c> says: <c>mpi</c>, or null for this process alone.</param>
    /// <param name="threads">What <c>--threads</c> says; the ranks of a machine share its cores where null.</param>
    /// <exception cref="OptionsException">Another word, or a launcher without the option.</exception>
    /// <exception cref="DistributedException">MPI does not work here.</exception>
    public static ICommunicator Join(string? distributed, int? threads)
    {
        OptionsException.Require(distributed is null or "mpi", "distributed", distributed, "must be mpi");
        OptionsException.Require(distributed is not null || MpiLaunch.Size is null or 1, "distributed", null, "must be mpi under mpiexec: otherwise every process would do the same work");
        if (distributed is null)
            return SingleProcess.Instance;
        if (threads is null)
            torch.set_num_threads(MpiLaunch.DefaultThreads);
        return MpiCommunicator.Start();
    }

    /// <summary>Does work that an error on one rank must end on all, with one message.</summary>
    public static int Run(ICommunicator ranks, Func<int> work)
    {
        if (ranks is not MpiCommunicator job)
            return work();
        try
        {
            int code = work();
            job.Barrier();
            return code;
        }
        catch (Exception error)
        {
            if (job.TryClaimReport(mayFollowFromAnother: error is DistributedException))
                Program.Refuse(error, isVerbose: false);
            job.Abort(Program.BadInput);
            throw;
        }
    }
}
