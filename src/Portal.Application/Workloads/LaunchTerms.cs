using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Catalog;
using Portal.Application.Compute;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>What a person asks to launch. Nulls mean the item's defaults.</summary>
public sealed record LaunchRequest
{
    /// <summary>Minted when the form opens; the same id launches once.</summary>
    public Guid RequestId { get; init; } = Guid.CreateVersion7();
    public string? Name { get; init; }
    public required string Item { get; init; }
    public string? Version { get; init; }
    public string? Team { get; init; }
    public string? Hardware { get; init; }
    public string? Target { get; init; }
    public string? Capacity { get; init; }
    public JsonElement? Parameters { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
    public TimeSpan? Lifetime { get; init; }
    public TimeSpan? IdleTimeout { get; init; }
    public string? Reason { get; init; }
    /// <summary>For an estimate: parameters as far as they are filled in. They are priced, not checked.</summary>
    public JsonElement? Draft { get; init; }
}

/// <summary>A request whose words were all found and checked: what <see cref="EstimateLaunch"/> prices and <see cref="LaunchWorkload"/> launches.</summary>
public sealed record LaunchTerms(
    PublishedVersion Version, DeploymentSpec Deployment, HardwareProfileSpec Hardware, IComputeTarget Target, CapacityType Capacity, ActorTeam Team, ParameterValues Parameters);

/// <summary>Resolves a <see cref="LaunchRequest"/>; both estimate and launch ask here, so that they never disagree.</summary>
public sealed class LaunchTermsReader(IDbContextFactory<PortalDbContext> contexts, PublishedItems items, ComputeTargets targets, FinishedRuns runs)
{
    /// <summary>The terms, or errors by field. <paramref name="checkParameters"/> is false for an estimate without parameters.</summary>
    internal async Task<(LaunchTerms? Terms, Dictionary<string, string[]> Errors)> ReadAsync(LaunchRequest request, Actor actor, bool checkParameters, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        var version = await items.FindAsync(request.Item, request.Version, cancellationToken);
        if (version is null)
            return (null, new() { [request.Version is null ? "item" : "version"] = [request.Version is null ? $"There is no item '{request.Item}' in the catalog." : $"'{request.Item}' has no published version '{request.Version}'."] });
        var team = FindTeam(request, actor, errors);
        var deployment = await FindTargetAsync(request, version.Spec, errors, cancellationToken);
        var hardware = await FindHardwareAsync(request, version.Spec, errors, cancellationToken);
        var capacity = await FindCapacityAsync(request, version.Spec, deployment?.Target, errors, cancellationToken);
        var (values, parameterErrors) = checkParameters || request.Parameters is not null
            ? ParameterValidation.Validate(version.Spec, request.Parameters)
            : (ParameterValues.Empty, new Dictionary<string, string[]>());
        foreach (var error in parameterErrors) errors[error.Key] = error.Value;
        if (errors.Count == 0 && await runs.RefuseAsync(version.Spec, values, actor, cancellationToken) is { } refusal) errors[refusal.Key] = [refusal.Message];
        return errors.Count > 0
            ? (null, errors)
            : (new LaunchTerms(version, deployment!.Value.Deployment, Of(hardware!, deployment.Value.Deployment, request.Draft is { } draft ? Read(draft) : values), deployment.Value.Target, capacity, team!, values), errors);
    }

    /// <summary>The hardware for as many replicas as the parameters want where it runs.</summary>
    internal static HardwareProfileSpec Of(HardwareProfileSpec hardware, DeploymentSpec deployment, ParameterValues values) => hardware with { Replicas = DeploymentRenderer.Replicas(deployment, values).Most };

    /// <summary>Parameters as they are stored or typed.</summary>
    internal static ParameterValues Read(JsonElement parameters) => parameters.ValueKind == JsonValueKind.Object ? new ParameterValues(parameters.EnumerateObject().ToDictionary(p => p.Name, p => p.Value)) : ParameterValues.Empty;

    /// <summary>Where and on what an item could run instead; nulls in <paramref name="request"/> mean the item's defaults. Errors by field.</summary>
    internal async Task<(DeploymentSpec? Deployment, IComputeTarget? Target, HardwareProfileSpec? Hardware, CapacityType Capacity, Dictionary<string, string[]> Errors)> PlaceAsync(LaunchRequest request, ItemSpec spec, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        var place = await FindTargetAsync(request, spec, errors, cancellationToken);
        var hardware = await FindHardwareAsync(request, spec, errors, cancellationToken);
        return (place?.Deployment, place?.Target, hardware, await FindCapacityAsync(request, spec, place?.Target, errors, cancellationToken), errors);
    }

    private static ActorTeam? FindTeam(LaunchRequest request, Actor actor, Dictionary<string, string[]> errors)
    {
        if (string.IsNullOrEmpty(request.Team))
        {
            if (actor.Teams.Count == 1) return actor.Teams[0];
            errors["team"] = [actor.Teams.Count == 0 ? "You are in no team yet; ask an administrator to add you to one." : $"Say which team pays: {string.Join(", ", actor.Teams.Select(t => t.Slug))}."];
            return null;
        }
        var team = actor.Teams.FirstOrDefault(t => t.Slug == request.Team);
        if (team is null) errors["team"] = [$"You are not in a team '{request.Team}'. Your teams: {(actor.Teams.Count == 0 ? "none" : string.Join(", ", actor.Teams.Select(t => t.Slug)))}."];
        return team;
    }

    private async Task<(DeploymentSpec Deployment, IComputeTarget Target)?> FindTargetAsync(LaunchRequest request, ItemSpec spec, Dictionary<string, string[]> errors, CancellationToken cancellationToken)
    {
        var runnable = new List<(DeploymentSpec, IComputeTarget)>();
        foreach (var target in targets.All)
            if (spec.DeploymentFor((await target.DescribeAsync(cancellationToken)).Kind) is { } deployment)
                runnable.Add((deployment, target));
        var chosen = request.Target is null ? runnable.FirstOrDefault() : runnable.FirstOrDefault(r => r.Item2.Name == request.Target || r.Item1.Target == request.Target);
        if (chosen.Item2 is not null) return chosen;
        errors["target"] = [runnable.Count == 0 ? $"'{spec.Slug}' cannot run on any target of this portal." : $"'{request.Target}' is not a target of '{spec.Slug}'; allowed: {string.Join(", ", runnable.Select(r => r.Item2.Name))}."];
        return null;
    }

    private async Task<HardwareProfileSpec?> FindHardwareAsync(LaunchRequest request, ItemSpec spec, Dictionary<string, string[]> errors, CancellationToken cancellationToken)
    {
        var slug = request.Hardware ?? spec.Hardware[0];
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var json = spec.Hardware.Contains(slug) ? await db.HardwareProfiles.Where(h => h.Slug == slug).Select(h => h.SpecJson).SingleOrDefaultAsync(cancellationToken) : null;
        if (json is null) errors["hardware"] = [$"'{slug}' is not hardware of '{spec.Slug}'; allowed: {string.Join(", ", spec.Hardware)}."];
        return json is null ? null : PortalJson.Read<HardwareProfileSpec>(json);
    }

    /// <summary>What the item would have where nothing is asked; where there is no spot, spot-with-fallback falls back and plain spot cannot be had.</summary>
    private static async Task<CapacityType> FindCapacityAsync(LaunchRequest request, ItemSpec spec, IComputeTarget? target, Dictionary<string, string[]> errors, CancellationToken cancellationToken)
    {
        var hasSpot = target is not null && (await target.DescribeAsync(cancellationToken)).HasSpot;
        var capacity = spec.Defaults.Capacity ?? CapacityType.OnDemand;
        if (request.Capacity is null) return hasSpot ? capacity : CapacityType.OnDemand;
        if (!CapacityTypes.TryParse(request.Capacity, out capacity))
            errors["capacity"] = [$"'{request.Capacity}' is not a capacity type; allowed: on-demand, spot, spot-with-fallback."];
        else if (capacity == CapacityType.Spot && !hasSpot)
            errors["capacity"] = ["This target has no spot capacity; allowed: on-demand, spot-with-fallback."];
        return hasSpot ? capacity : CapacityType.OnDemand;
    }
}
