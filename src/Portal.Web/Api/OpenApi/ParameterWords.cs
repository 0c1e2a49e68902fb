namespace Portal.Web.Api.OpenApi;

/// <summary>What parameters mean that are called the same everywhere.</summary>
internal static class ParameterWords
{
    public static IReadOnlyDictionary<string, string> Common { get; } = new Dictionary<string, string>
    {
        ["id"] = "Id, as lists and answers name it.",
        ["slug"] = "Slug: the short name in addresses.",
        ["email"] = "E-mail address.",
        ["q"] = "Words that must all occur.",
        ["page"] = "Page, from 1.",
        ["pageSize"] = "Rows a page, from 1 to 200; 50 when left out.",
        ["team"] = "Slug of a team.",
        ["target"] = "Name of a compute target.",
        ["item"] = "Slug of a catalog item.",
        ["from"] = "Start, a UTC date or instant.",
        ["to"] = "End, a UTC date or instant, itself not included.",
    };
}
