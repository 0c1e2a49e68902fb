namespace Portal.Web.Components.Surfaces;

/// <summary>One step of a breadcrumb; without an address it is where one is.</summary>
public sealed record Crumb(string Text, string? Href = null);
