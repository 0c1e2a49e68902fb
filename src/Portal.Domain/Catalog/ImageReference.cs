using System.Text.RegularExpressions;

namespace Portal.Domain.Catalog;

/// <summary>Whether a text names a container image: registry and path in lower case, then a tag, a digest or both, as the reference grammar of the Open Container Initiative has it, and nothing else.</summary>
public static class ImageReference
{
    /// <summary>What a message says is allowed.</summary>
    public const string Allowed = "a container image such as docker.io/library/python:3.13-slim: lower case, without spaces, with a tag or a digest";

    /// <summary>Most characters, as registries take them.</summary>
    public const int MaxLength = 500;

    // What a person typed is matched here: never with backtracking.
    private static readonly Regex Form = new(
        @"\A[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(:[0-9]{1,5})?(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?\z",
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    /// <summary>True for a text that may be given to a container runtime as an image.</summary>
    public static bool IsOne(string text) => text.Length <= MaxLength && Form.IsMatch(text);
}
