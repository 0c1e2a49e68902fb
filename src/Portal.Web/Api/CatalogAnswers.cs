using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Web.Api;

/// <summary>A published item in a list.</summary>
/// <param name="Category">Slug of the category.</param>
/// <param name="Version">The newest version.</param>
/// <param name="FromHourlyPrice">Price of an hour on the cheapest allowed hardware.</param>
public sealed record ItemSummary(
    string Slug, string Name, WorkloadKind Kind, string Category, string Summary, IReadOnlyList<string> Tags, string Version, string Lifecycle, ItemAccessAnswer Access, decimal FromHourlyPrice, string Currency,
    IReadOnlyList<ItemTargetAnswer> Targets);

/// <summary>An item in full.</summary>
/// <param name="Category">Slug of the category.</param>
/// <param name="Summary">One line.</param>
/// <param name="Description">Markdown.</param>
/// <param name="Versions">The newest first.</param>
public sealed record ItemAnswer(
    string Slug, string Name, WorkloadKind Kind, string Category, string Summary, string Description, IReadOnlyList<string> Tags, string Lifecycle, ItemAccessAnswer Access, IReadOnlyList<ItemVersionAnswer> Versions);

/// <summary>Whether the caller may launch an item, and whether anybody has to ask.</summary>
public sealed record ItemAccessAnswer(bool Granted, bool Restricted);

/// <summary>A published version.</summary>
/// <param name="Notes">What changed.</param>
/// <param name="Hardware">Allowed hardware profiles; the first is the default.</param>
public sealed record ItemVersionAnswer(string Version, DateTimeOffset PublishedAt, string Notes, IReadOnlyList<ItemParameterAnswer> Parameters, IReadOnlyList<ItemTargetAnswer> Targets, IReadOnlyList<string> Hardware);

/// <summary>A target an item can run on.</summary>
/// <param name="Available">False when nothing can be had there now.</param>
/// <param name="Reason">Why not, in words.</param>
public sealed record ItemTargetAnswer(string Target, bool Available, string? Reason);

/// <summary>An input of an item version.</summary>
/// <param name="Type">string, text, integer, number, boolean, enum, secret, stringList, map, duration, run or artifact.</param>
/// <param name="Default">Null when there is none, and always for secrets.</param>
/// <param name="Required">A launch without a value is refused.</param>
/// <param name="UserFacing">The launch form shows it.</param>
/// <param name="Group">Heading under which the form shows it.</param>
public sealed record ItemParameterAnswer(
    string Name, string Type, string Label, string? Help, JsonElement? Default, bool Required, ParameterConstraints Constraints, bool Secret, bool UserFacing, string? Group);

/// <summary>A hardware profile with its price on demand.</summary>
/// <param name="MonthlyPrice">Price of 730 hours.</param>
public sealed record HardwareAnswer(
    string Slug, string Name, decimal Vcpu, decimal MemoryGib, GpuSpec? Gpu, int DiskGib, bool Restricted, decimal HourlyPrice, decimal MonthlyPrice, string Currency);

/// <summary>What to estimate: a launch without its name.</summary>
/// <param name="Item">Slug of a catalog item.</param>
/// <param name="Version">The newest when left out.</param>
/// <param name="Hardware">The item's first when left out.</param>
/// <param name="Target">All when left out.</param>
/// <param name="Capacity">on-demand, spot or spot-with-fallback.</param>
/// <param name="Parameters">Values by parameter name.</param>
/// <param name="Team">May be left out by people with one team.</param>
public sealed record EstimateRequest(
    [property: Required] string? Item = null, string? Version = null, string? Hardware = null, string? Target = null, string? Capacity = null, JsonElement? Parameters = null, string? Team = null, TimeSpan? Lifetime = null);

/// <summary>Where it could run at what price, and what the policies say.</summary>
/// <param name="Offers">The cheapest first, those that can be had before those that cannot.</param>
/// <param name="Budget">Null while the team has none.</param>
public sealed record EstimateAnswer(IReadOnlyList<OfferAnswer> Offers, DecisionAnswer Decision, BudgetStateAnswer? Budget);

/// <summary>One way to run it.</summary>
/// <param name="CapacityType">on-demand, spot or spot-with-fallback.</param>
/// <param name="MonthlyPrice">Price of 730 hours.</param>
/// <param name="Saving">Share of the price on demand that is not paid, from 0 to 1.</param>
/// <param name="Reason">Why it cannot be had, or why it would wait.</param>
public sealed record OfferAnswer(
    string Target, string Region, string Zone, string InstanceType, string CapacityType, decimal HourlyPrice, decimal MonthlyPrice, string Currency, decimal Saving, bool Available, string? Reason);

/// <summary>What the policies say of a launch.</summary>
/// <param name="Outcome">allow, requireApproval or deny.</param>
/// <param name="Policy">The rule that decided; null when none did.</param>
/// <param name="Approvers">Who would be asked, step by step.</param>
/// <param name="Reason">Why it is asked or refused.</param>
public sealed record DecisionAnswer(string Outcome, string? Policy, IReadOnlyList<string> Approvers, string? Reason);

/// <summary>The budget a launch would count towards.</summary>
/// <param name="AfterLaunch">What would be forecast with it.</param>
public sealed record BudgetStateAnswer(decimal Amount, decimal Spent, decimal Forecast, decimal AfterLaunch);
