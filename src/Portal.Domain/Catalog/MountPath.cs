namespace Portal.Domain.Catalog;

/// <summary>Where in a container a folder may appear: nowhere that the portal, the runtime or the system puts things of its own.</summary>
public static class MountPath
{
    /// <summary>What a message says is allowed.</summary>
    public const string Allowed = "an absolute path such as /data or /srv/models of at most 200 letters, digits, dots, hyphens and underscores";

    private static readonly string[] Taken = ["/dev", "/etc", "/portal", "/proc", "/run", "/sys", "/tmp", "/var/run"];

    /// <summary>Null when a folder may be mounted there; otherwise what is wrong with it.</summary>
    public static string? Refuse(string path)
    {
        var parts = path.Split('/');
        if (path.Length > 200 || parts.Length < 2 || parts[0].Length > 0 || parts.Skip(1).Any(p => p is "" or "." or ".." || !p.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')))
            return $"{Quoted.Text(path)} is no folder to mount at; allowed: {Allowed}";
        return Taken.FirstOrDefault(t => path == t || path.StartsWith(t + "/", StringComparison.Ordinal)) is { } taken ? $"{Quoted.Text(path)} is not free: {taken} belongs to the system or the portal" : null;
    }
}
