namespace Portal.Web.Api;

/// <summary>All of a list that is never long.</summary>
public sealed record ItemsAnswer<T>(IReadOnlyList<T> Items);

/// <summary>One page of a list.</summary>
/// <param name="Items">The rows of this page.</param>
/// <param name="Total">Rows on all pages.</param>
/// <param name="Page">From 1.</param>
/// <param name="PageSize">The most rows of a page.</param>
public sealed record PageAnswer<T>(IReadOnlyList<T> Items, int Total, int Page, int PageSize);

/// <summary>Makes lists.</summary>
internal static class Lists
{
    public static ItemsAnswer<T> Items<T>(IEnumerable<T> items) => new([.. items]);

    /// <summary>A list that is answered whole, as its only page.</summary>
    public static PageAnswer<T> Whole<T>(IEnumerable<T> items)
    {
        List<T> all = [.. items];
        return new PageAnswer<T>(all, all.Count, 1, all.Count);
    }
}
