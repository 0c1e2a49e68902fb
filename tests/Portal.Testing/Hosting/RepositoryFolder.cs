namespace Portal.Testing.Hosting;

/// <summary>Where the repository's own files are, found from where the tests run.</summary>
public static class RepositoryFolder
{
    /// <summary>The folder that holds <c>Portal.sln</c>.</summary>
    public static string Root { get; } = Find();

    /// <summary>The default catalog.</summary>
    public static string Catalog => Path.Combine(Root, "deploy", "catalog");

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Portal.sln")))
                return folder.FullName;
        throw new InvalidOperationException($"No Portal.sln above {AppContext.BaseDirectory}.");
    }
}
