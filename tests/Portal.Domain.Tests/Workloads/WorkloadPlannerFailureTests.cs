using AwesomeAssertions;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Xunit;
using static Portal.Domain.Tests.Workloads.PlannerCases;

namespace Portal.Domain.Tests.Workloads;

/// <summary>Which failure is tried again under which retry spec, and when.</summary>
public sealed class WorkloadPlannerFailureTests
{
    // failure            | never        | on interruption          | on noCapacity                  | on error, 2 attempts        | all
    private const string Table = """
        NoCapacity     | Fail         | Fail                     | Replace Queued +10s            | Fail                        | Replace Queued +10s
        QuotaExceeded  | Replace Queued +10s | Replace Queued +10s | Replace Queued +10s           | Replace Queued +10s         | Replace Queued +10s
        Throttled      | Replace Queued +10s | Replace Queued +10s | Replace Queued +10s           | Replace Queued +10s         | Replace Queued +10s
        Unauthorized   | Fail         | Fail                     | Fail                           | Fail                        | Fail
        Invalid        | Fail         | Fail                     | Fail                           | Fail                        | Fail
        Interrupted    | Fail         | Replace Recovering       | Fail                           | Fail                        | Replace Recovering
        Lost           | Fail         | Replace Recovering       | Fail                           | Fail                        | Replace Recovering
        Crashed        | Fail         | Fail                     | Fail                           | Replace Queued error +10s   | Replace Queued error +10s
        OutOfMemory    | Fail         | Fail                     | Fail                           | Fail                        | Fail
        ImagePull      | Fail         | Fail                     | Fail                           | Replace Queued error +10s   | Replace Queued error +10s
        NotReadyInTime | Fail         | Fail                     | Fail                           | Replace Queued error +10s   | Replace Queued error +10s
        """;

    private static readonly RetrySpec[] Specs =
    [
        new() { On = [] }, new() { On = ["interruption"] }, new() { On = ["noCapacity"] }, new() { On = ["error"], Attempts = 2 }, new() { On = ["interruption", "noCapacity", "error"], Attempts = 2 },
    ];

    public static TheoryData<FailureClass, int, string> Cells()
    {
        var cells = new TheoryData<FailureClass, int, string>();
        foreach (var row in Table.Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries)))
            for (var spec = 0; spec < Specs.Length; spec++)
                cells.Add(Enum.Parse<FailureClass>(row[0]), spec, Full(row[spec + 1], row[0]));
        return cells;
    }

    [Fact]
    public void Table_HasEveryFailureClass() =>
        Table.Split('\n').Select(line => line.Split('|')[0].Trim()).Should().BeEquivalentTo(Enum.GetNames<FailureClass>());

    [Theory]
    [MemberData(nameof(Cells))]
    public void RefusedStart_OfEveryClass_IsWhatTheTableSays(FailureClass failure, int spec, string expected) =>
        Words(WorkloadPlanner.AfterRefusedStart(Notebook with { Retry = Specs[spec] }, failure, "refused", Now)).Should().Be(expected);

    [Theory]
    [MemberData(nameof(Cells))]
    public void OwnEnd_OfEveryClass_IsWhatTheTableSays(FailureClass failure, int spec, string expected) =>
        Next(Notebook with { Retry = Specs[spec] }, Started, Seen(ObservedState.Exited) with { Failure = failure, Message = "words" }).Should().Be(expected);

    [Theory]
    [MemberData(nameof(Cells))]
    public void EndThatThePortalCausedAsAFailure_CountsAsThatFailure(FailureClass failure, int spec, string expected) =>
        Next(Notebook with { Retry = Specs[spec] }, StopAsked with { PendingFailure = failure, PendingReason = "words" }, Seen(ObservedState.Exited)).Should().Be(expected);

    [Theory]
    [InlineData(0, "Complete")]
    [InlineData(1, "Fail Crashed")]
    [InlineData(143, "Fail Crashed")]
    public void Run_EndsByItself_SucceedsWithZeroOnly(int exitCode, string expected) =>
        Next(Run, Started, Seen(ObservedState.Exited) with { ExitCode = exitCode }).Should().Be(expected);

    [Theory]
    [InlineData(WorkloadKind.Notebook)]
    [InlineData(WorkloadKind.ModelEndpoint)]
    [InlineData(WorkloadKind.Service)]
    public void Server_EndsByItselfWithZero_HasFailed(WorkloadKind kind) =>
        Next(Notebook with { Kind = kind }, Started, Seen(ObservedState.Exited) with { ExitCode = 0 }).Should().Be("Fail Crashed");

    [Fact]
    public void EndAskedBySomebodyElse_IsAnInterruption() =>
        Next(Run, Started, Seen(ObservedState.Exited) with { ExitCode = 0, StopRequested = true }).Should().Be("Replace Recovering Interrupted");

    [Theory]
    [InlineData(1, 0, false)]
    [InlineData(2, 0, true)]
    [InlineData(2, 1, false)]
    [InlineData(5, 3, true)]
    [InlineData(5, 4, false)]
    public void Errors_AreRetriedUpToTheAttemptsInAll(int attempts, int before, bool again) =>
        (WorkloadPlanner.AfterRefusedStart(Run with { Retry = new RetrySpec { On = ["error"], Attempts = attempts }, ErrorAttempts = before }, FailureClass.Crashed, "x", Now) is Decision.Replace).Should().Be(again);

    [Fact]
    public void Interruptions_NeverUseUpErrorAttempts()
    {
        var spec = new RetrySpec { On = ["interruption", "error"], Attempts = 2 };
        for (var setbacks = 0; setbacks < 50; setbacks++)
            WorkloadPlanner.AfterRefusedStart(Run with { Retry = spec, SetbacksInARow = setbacks }, FailureClass.Interrupted, "x", Now)
                .Should().BeOfType<Decision.Replace>().Which.CountsAsError.Should().BeFalse();
    }

    [Theory]
    [InlineData(FailureClass.Lost, "0 10 20 40 80 160 300 300 300")]
    [InlineData(FailureClass.Interrupted, "0 10 20 40 80 160 300 300 300")]
    [InlineData(FailureClass.NoCapacity, "10 20 40 80 160 300 300 300 300")]
    [InlineData(FailureClass.Throttled, "10 20 40 80 160 300 300 300 300")]
    public void Backoff_DoublesUpToFiveMinutes(FailureClass failure, string seconds) =>
        string.Join(' ', Enumerable.Range(0, 9).Select(n => (((Decision.Replace)WorkloadPlanner.AfterRefusedStart(Notebook with { SetbacksInARow = n }, failure, "x", Now)).NotBefore - Now).TotalSeconds))
            .Should().Be(seconds);

    // The table leaves the class out where the row says it.
    private static string Full(string cell, string failure) => cell.StartsWith("Fail", StringComparison.Ordinal) ? $"Fail {failure}"
        : cell.Replace("Replace Queued", $"Replace Queued {failure}", StringComparison.Ordinal).Replace("Replace Recovering", $"Replace Recovering {failure}", StringComparison.Ordinal);
}
