using Portal.Domain.Compute;

namespace Portal.Application.Compute;

/// <summary>What targets and programs say is kept in the database and shown to people: never NUL, which PostgreSQL refuses, and never without bound.</summary>
internal static class TargetWords
{
    private const int Longest = 1000;

    public static string Clean(string words)
    {
        var clean = words.Replace('\0', '\uFFFD');
        return clean.Length > Longest ? clean[..Longest] : clean;
    }

    public static Observation Clean(Observation observation) =>
        observation.Message is null && observation.ResourceId is null ? observation
            : observation with { Message = observation.Message is { } message ? Clean(message) : null, ResourceId = observation.ResourceId is { } resource ? Clean(resource) : null };
}
