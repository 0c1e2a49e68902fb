using AwesomeAssertions;
using Portal.Application.Access.Approvals;
using Portal.Application.Teams;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Teams;

/// <summary>Limits: what is beyond them waits and says for what; what could never fit is refused.</summary>
public sealed class LimitTests : HostedTests
{
    private Actor _ada = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
    }

    private async Task SetAsync(string scope, LimitValues values) => (await Host.Get<ResourceLimits>().SetAsync(scope, values, _ada, default)).Should().BeOfType<ApprovalOutcome.Done>();

    [Fact]
    public async Task Team_AtItsLimit_WaitsWithoutHoldingUpOthers_AndStartsWhenSomethingEnds()
    {
        await SetAsync("team:vision", LimitValues.None with { Workloads = 2 });
        var (first, second) = (await Host.LaunchRunningAsync(Lena, name: "one"), await Host.LaunchRunningAsync(Lena, name: "two"));
        var third = await Host.LaunchAsync(Lena, name: "three");
        await Host.PumpAsync();
        (await Host.RowAsync(third)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Queued && w.PhaseReason!.Contains("2 of 2 workloads") && !w.WaitsForCapacity);
        await Host.LaunchRunningAsync(await Host.AddPersonAsync("Oskar", ["risk"]), name: "others");
        var row = (await Host.Get<ResourceLimits>().ListAsync(true, Lena, default)).Should().ContainSingle().Subject;
        (row.Scope, row.Limits.Workloads, row.Use.Workloads).Should().Be(("team:vision", 2, 2));
        await StopAsync(first);
        await Host.Database.ExecuteAsync($"update workloads set next_action_at = clock_timestamp() where id = '{third}'");
        await Host.PumpAsync();
        await Host.Get<ReconcileWorkload>().ExecuteAsync(third, default);
        await Host.PumpAsync();
        (await PhaseAsync(third)).Should().Be(WorkloadPhase.Running);
        (await PhaseAsync(second)).Should().Be(WorkloadPhase.Running);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task ManyAtOnce_NeverExceedALimit()
    {
        await SetAsync("person:lena@example.org", LimitValues.None with { Vcpu = 0.75m });
        for (var i = 0; i < 8; i++) await Host.LaunchAsync(Lena, name: $"w-{i}");
        await Host.PumpAsync();
        (await Host.Database.QueryAsync<decimal>("select coalesce(sum(vcpu), 0) as \"Value\" from allocations where ended_at is null"))[0].Should().Be(0.75m, "three of a quarter each");
    }

    [Fact]
    public async Task WhatCouldNeverFit_IsRefusedAtOnce_AndOnlyAdministratorsSetLimits()
    {
        await SetAsync("team:vision", LimitValues.None with { HourlyPrice = 0.001m });
        (await Host.Get<LaunchWorkload>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Hardware = "cpu-tiny" }, Lena, default)).Should().BeOfType<LaunchWorkload.Outcome.Denied>().Which.Reason.Should().Contain("never run").And.Contain("$0.001 per hour");
        (await Host.Get<ResourceLimits>().SetAsync("team:vision", LimitValues.None, Lena, default)).Should().BeOfType<ApprovalOutcome.Forbidden>();
        (await Host.Get<ResourceLimits>().SetAsync("team:nobody", LimitValues.None, _ada, default)).Should().BeOfType<ApprovalOutcome.NotFound>();
        (await Host.Get<ResourceLimits>().SetAsync("team:vision", LimitValues.None with { Workloads = -1 }, _ada, default)).Should().BeOfType<ApprovalOutcome.Invalid>();
        await SetAsync("team:vision", LimitValues.None);
        await Host.LaunchRunningAsync(Lena);
    }
}
