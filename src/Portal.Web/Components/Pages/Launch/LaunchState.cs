using Portal.Application.Access.Approvals;
using Portal.Application.Workloads;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Pages.Launch;

/// <summary>Form and offers together: which offer is chosen, what it costs, and what the button will do.</summary>
public sealed record LaunchState(LaunchForm Form, LaunchOffers Offers, bool Launching)
{
    /// <summary>What the policies say to the form as it is; null while nothing can be launched.</summary>
    public LaunchRuling? Ruling { get; init; }

    /// <summary>The paying team's budget as it is; null: it has none.</summary>
    public Portal.Application.Costs.BudgetState? Budget { get; init; }

    /// <summary>What would be left of it after this.</summary>
    public decimal? LeftAfter { get; init; }

    /// <summary>Somebody has to say yes first.</summary>
    public bool Asks => Ruling is LaunchRuling.NeedsApproval;

    /// <summary>The offer that a launch would take; null when the place cannot take the hardware at all.</summary>
    public PricedOffer? Chosen => Offers.Best(Form.Hardware, Form.Target, Form.Capacity);

    /// <summary>What it can cost until its lifetime ends; null when it has no end or there is no offer.</summary>
    public string? AtMost => Chosen is { } offer && Form.Lifetime is { } lifetime ? MoneyText.Format(offer.Quote.HourlyPrice * (decimal)lifetime.TotalHours, currency: offer.Quote.Currency) : null;

    /// <summary>Says exactly what will happen.</summary>
    public string ButtonText => Launching ? Asks ? "Asking…" : "Launching…"
        : Asks ? "Ask for approval"
        : Chosen is not { } offer ? "Launch"
        : (offer.Available ? "Launch for " : "Queue for ") + MoneyText.Button(offer.Quote.HourlyPrice, offer.Quote.Currency);

    /// <summary>Why the button cannot be pressed; null when it can.</summary>
    public string? Obstacle => Form.Errors is { Count: > 0 } errors ? $"First fill in or correct: {string.Join(", ", errors.Select(e => e.Label).Distinct().Take(4))}{(errors.Count > 4 ? " and more" : "")}."
        : Chosen is null ? "Choose hardware or a place that can take it."
        : Ruling is LaunchRuling.Denied or LaunchRuling.Locked ? "See above what you can do." : null;
}
