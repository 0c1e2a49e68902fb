namespace Portal.Web.Components.Pages.Catalog;

/// <summary>A line of <see cref="CategoryList"/>.</summary>
/// <param name="Slug">Empty for all categories.</param>
/// <param name="Count">Items that match search and filters.</param>
public sealed record CategoryLink(string Slug, string Name, string Icon, int Count, string Href);
