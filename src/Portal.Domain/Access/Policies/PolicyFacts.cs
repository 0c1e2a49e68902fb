using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Domain.Access.Policies;

/// <summary>All that a rule may look at. Built from a request to launch, extend or move; nothing is looked up while rules are evaluated.</summary>
public sealed record PolicyFacts
{
    /// <summary>Slug of the item.</summary>
    public required string Item { get; init; }
    /// <summary>Slug of the item's category.</summary>
    public required string Category { get; init; }
    public required WorkloadKind Kind { get; init; }
    /// <summary>Slug of the hardware profile.</summary>
    public required string Hardware { get; init; }
    /// <summary>Such as <c>A10G</c>; null: no GPU.</summary>
    public string? GpuKind { get; init; }
    public int GpuCount { get; init; }
    public decimal Vcpu { get; init; }
    public decimal MemoryGib { get; init; }
    /// <summary>Name of the compute target.</summary>
    public required string Target { get; init; }
    public required CapacityType Capacity { get; init; }
    /// <summary>Price per hour of the offer, in US dollars.</summary>
    public decimal HourlyPrice { get; init; }
    /// <summary>What it would cost if it were left on for a month of <see cref="HoursPerMonth"/> hours.</summary>
    public decimal MonthlyPrice => HourlyPrice * HoursPerMonth;
    /// <summary>Hours from the start to the hard end; null: no end.</summary>
    public decimal? LifetimeHours { get; init; }
    /// <summary>Slug of the team that pays.</summary>
    public required string Team { get; init; }
    /// <summary>The requester's portal roles, and <c>lead</c> or <c>member</c> for the part in the paying team.</summary>
    public required IReadOnlyList<string> Roles { get; init; }
    /// <summary>The item's data classification: public, internal or restricted.</summary>
    public required string DataClass { get; init; }
    /// <summary>What is left of the team's budget for the month after this, in US dollars; null: it has no budget.</summary>
    public decimal? BudgetLeftAfter { get; init; }

    /// <summary>The year's average month, as cloud price lists use it.</summary>
    public const int HoursPerMonth = 730;

    /// <summary>What the item, the hardware and the price say.</summary>
    /// <param name="team">The paying team and the requester's part in it.</param>
    public static PolicyFacts Of(ItemSpec item, HardwareProfileSpec hardware, string target, CapacityType capacity, decimal hourlyPrice, TimeSpan? lifetime, Actor requester, ActorTeam team) => new()
    {
        Item = item.Slug,
        Category = item.Category,
        Kind = item.Kind,
        Hardware = hardware.Slug,
        GpuKind = hardware.Gpu?.Kind,
        GpuCount = hardware.Altogether.Gpus,
        Vcpu = hardware.Altogether.Vcpu,
        MemoryGib = hardware.Altogether.MemoryGib,
        Target = target,
        Capacity = capacity,
        HourlyPrice = hourlyPrice,
        LifetimeHours = lifetime is { } span ? (decimal)span.TotalHours : null,
        Team = team.Slug,
        Roles = [.. requester.Roles, team.Role == Teams.TeamRole.Lead ? PolicyFields.Lead : PolicyFields.Member],
        DataClass = item.DataClass,
    };
}
