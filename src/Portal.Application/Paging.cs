namespace Portal.Application;

/// <summary>One page of a list.</summary>
/// <param name="Total">Rows in all.</param>
/// <param name="Page">From 1.</param>
public sealed record PageOf<T>(IReadOnlyList<T> Items, int Total, int Page, int PageSize)
{
    /// <summary>Largest page a list answers.</summary>
    public const int MaxSize = 200;
}
