using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Portal.Application.Costs;
using Portal.Application.Workloads;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Web.Api;

/// <summary>A workload in a list.</summary>
/// <param name="Item">Slug of the catalog item.</param>
/// <param name="Version">Version of the item.</param>
/// <param name="Owner">E-mail of the owner.</param>
/// <param name="Team">Slug of the team that pays.</param>
/// <param name="Desired">What the owner wants.</param>
/// <param name="Phase">What is the case.</param>
/// <param name="PhaseReason">Why it is in this phase, in words.</param>
/// <param name="Target">Name of the compute target.</param>
/// <param name="Capacity">How capacity is bought: on-demand, spot or spot-with-fallback.</param>
/// <param name="Hardware">Slug of the hardware profile.</param>
/// <param name="Url">Where a browser opens it; null for runs.</param>
/// <param name="HourlyPrice">Price of an hour while it runs.</param>
/// <param name="CostToDate">What it has cost so far.</param>
/// <param name="StartedAt">First start of the present run.</param>
/// <param name="ReadyAt">When it could first be used.</param>
/// <param name="ExpiresAt">When it is stopped by itself; null: never.</param>
/// <param name="Failure">Class of the last failure.</param>
/// <param name="Attempt">Number of the present or last attempt; 0 before the first.</param>
public sealed record WorkloadSummary(
    Guid Id, string Name, WorkloadKind Kind, string Item, string Version, string Owner, string Team, DesiredState Desired, WorkloadPhase Phase, string? PhaseReason, string Target, string Capacity, string Hardware,
    string? Url, decimal HourlyPrice, decimal CostToDate, string Currency, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? ReadyAt, DateTimeOffset? EndedAt, DateTimeOffset? ExpiresAt,
    FailureClass? Failure, int? ExitCode, int Attempt);

/// <summary>A workload in full.</summary>
/// <param name="Item">Slug of the catalog item.</param>
/// <param name="Version">Version of the item.</param>
/// <param name="Owner">E-mail of the owner.</param>
/// <param name="Team">Slug of the team that pays.</param>
/// <param name="Desired">What the owner wants.</param>
/// <param name="Phase">What is the case.</param>
/// <param name="PhaseReason">Why it is in this phase, in words.</param>
/// <param name="PhaseSince">Since when it is in this phase.</param>
/// <param name="Target">Name of the compute target.</param>
/// <param name="Capacity">How capacity is bought: on-demand, spot or spot-with-fallback.</param>
/// <param name="Hardware">Slug of the hardware profile.</param>
/// <param name="Parameters">Values by parameter name, without secrets.</param>
/// <param name="SecretParameters">Names of the secret parameters; their values are never answered.</param>
/// <param name="Url">Where a browser opens it; null for runs.</param>
/// <param name="Allocation">The attempt that is going on; null when none is.</param>
/// <param name="HourlyPrice">Price of an hour while it runs.</param>
/// <param name="ListHourlyPrice">What the same costs on demand.</param>
/// <param name="CostToDate">What it has cost so far.</param>
/// <param name="StartedAt">First start of the present run.</param>
/// <param name="ReadyAt">When it could first be used.</param>
/// <param name="ExpiresAt">When it is stopped by itself; null: never.</param>
/// <param name="Lifetime">How long it may run, as asked for at launch; expiresAt says when it really ends. Null: without limit.</param>
/// <param name="IdleTimeout">After how long without activity it is stopped; null: never.</param>
/// <param name="Tags">Names and values given at launch.</param>
/// <param name="Reason">Why it was launched, in its owner's words.</param>
/// <param name="Failure">Class of the last failure.</param>
/// <param name="Attempt">Number of the present or last attempt; 0 before the first.</param>
/// <param name="LogTail">The last lines of a failed attempt.</param>
/// <param name="Activity">Whether it is in use.</param>
public sealed record WorkloadAnswer(
    Guid Id, string Name, WorkloadKind Kind, string Item, string Version, string Owner, string Team, DesiredState Desired, WorkloadPhase Phase, string? PhaseReason, DateTimeOffset PhaseSince, string Target,
    string Capacity, string Hardware, IReadOnlyDictionary<string, JsonElement> Parameters, IReadOnlyList<string> SecretParameters, string? Url, AllocationAnswer? Allocation, decimal HourlyPrice,
    decimal ListHourlyPrice, decimal CostToDate, string Currency, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? ReadyAt, DateTimeOffset? EndedAt, DateTimeOffset? ExpiresAt,
    TimeSpan? Lifetime, TimeSpan? IdleTimeout, IReadOnlyDictionary<string, string> Tags, string? Reason, FailureClass? Failure, int? ExitCode, int Attempt, string? LogTail,
    ActivityAnswer Activity);

/// <summary>How far a workload is in use.</summary>
/// <param name="At">Last use since it became ready; null: none that is known of.</param>
/// <param name="What">What counted as use.</param>
/// <param name="IdleStopAt">The announced stop for idleness; null: none.</param>
/// <param name="ProbedAt">When it was last asked.</param>
/// <param name="Problem">Why it cannot be found out; nothing is stopped meanwhile.</param>
public sealed record ActivityAnswer(DateTimeOffset? At, string? What, DateTimeOffset? IdleStopAt, DateTimeOffset? ProbedAt, string? Problem);

/// <summary>One attempt and its resource.</summary>
/// <param name="Attempt">From 1.</param>
/// <param name="CapacityType">on-demand, spot or spot-with-fallback.</param>
/// <param name="ResourceId">The provider's name of it: a process, a pod, an instance.</param>
/// <param name="Reason">Why it ended, in words.</param>
/// <param name="ListHourlyPrice">What the same costs on demand.</param>
/// <param name="Cost">What it has cost so far.</param>
/// <param name="Node">The machine it is on, or how many; null where the target has one, or none is taken yet.</param>
public sealed record AllocationAnswer(
    Guid Id, int Attempt, string Target, string Region, string Zone, string InstanceType, string CapacityType, string? ResourceId, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? ReadyAt,
    DateTimeOffset? EndedAt, int? ExitCode, FailureClass? Failure, string? Reason, decimal HourlyPrice, decimal ListHourlyPrice, decimal Cost, string Currency, string? Node);

/// <summary>A change of phase.</summary>
/// <param name="Seq">Grows with every event.</param>
/// <param name="From">Null for the first.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="Actor">Who or what did it.</param>
public sealed record WorkloadEventAnswer(long Seq, DateTimeOffset At, WorkloadPhase? From, WorkloadPhase To, string Reason, string Actor, int? Attempt);

/// <summary>What a program reported, and samples of its use (<c>system/…</c>).</summary>
public sealed record MetricsAnswer(IReadOnlyList<MetricSeries> Series);

/// <summary>Rows of the ledger and, last, the open stretches.</summary>
/// <param name="Total">Sum of the rows' cost.</param>
public sealed record UsageAnswer(IReadOnlyList<UsageRow> Items, decimal Total, string Currency);

/// <summary>Who may open a workload.</summary>
/// <param name="Owner">E-mail of the owner, who always may.</param>
/// <param name="Audience">owner, or team: everybody in it.</param>
/// <param name="People">E-mails of people it was shared with.</param>
/// <param name="Operators">They may also start, stop, restart, extend and keep it.</param>
public sealed record WorkloadAccessAnswer(string Owner, string Audience, IReadOnlyList<string> People, IReadOnlyList<string> Operators);

/// <summary>What to launch.</summary>
/// <param name="Name">1 to 40 of a-z, 0-9 and -, unique within the team; made up when left out.</param>
/// <param name="Item">Slug of a catalog item.</param>
/// <param name="Version">The newest when left out.</param>
/// <param name="Team">May be left out by people with one team.</param>
/// <param name="Hardware">The item's first when left out.</param>
/// <param name="Target">The item's first when left out.</param>
/// <param name="Capacity">on-demand, spot or spot-with-fallback.</param>
/// <param name="Parameters">Values by parameter name.</param>
/// <param name="Tags">Names and values of your own.</param>
/// <param name="Lifetime">How long it may run; the item's when left out.</param>
/// <param name="IdleTimeout">After how long without activity it is stopped.</param>
/// <param name="Reason">Why, for others to read.</param>
public sealed record WorkloadRequest(
    string? Name = null, [property: Required] string? Item = null, string? Version = null, string? Team = null, string? Hardware = null, string? Target = null, string? Capacity = null, JsonElement? Parameters = null,
    Dictionary<string, string>? Tags = null, TimeSpan? Lifetime = null, TimeSpan? IdleTimeout = null, string? Reason = null);

/// <summary>By how much a workload's end is put off.</summary>
/// <param name="Reason">For approvers, where a policy asks some.</param>
public sealed record ExtendRequest([property: Required] TimeSpan? By = null, string? Reason = null);

/// <summary>Who may open a workload.</summary>
/// <param name="Audience">owner or team; owner when left out.</param>
/// <param name="People">E-mails; replaces those it was shared with.</param>
/// <param name="Operators">They may also start, stop, restart, extend and keep it.</param>
public sealed record WorkloadAccessRequest(string? Audience = null, List<string>? People = null, List<string>? Operators = null);

/// <summary>Who is to own it.</summary>
/// <param name="To">E-mail of a member of the team that pays.</param>
public sealed record OfferRequestBody(string? To = null);

/// <summary>Where and on what a workload is to run; what is left out stays as it is.</summary>
/// <param name="Hardware">Slug of a hardware profile that its item allows.</param>
/// <param name="Target">Name of a compute target.</param>
/// <param name="Capacity">on-demand, spot or spot-with-fallback.</param>
/// <param name="Reason">For approvers, where a policy asks some.</param>
public sealed record MoveRequest(string? Hardware = null, string? Target = null, string? Capacity = null, string? Reason = null);
