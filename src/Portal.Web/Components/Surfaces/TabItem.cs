namespace Portal.Web.Components.Surfaces;

/// <summary>One tab: a link, so that the address holds the choice.</summary>
/// <param name="Key">What <c>Tabs.Active</c> names.</param>
/// <param name="Count">In a grey pill; null for none.</param>
public sealed record TabItem(string Key, string Text, string Href, int? Count = null);
