namespace Portal.Migrations;

/// <summary>Applies the schema and exits; see <see cref="Migrator.RunAsync"/> for its settings.</summary>
internal static class Program
{
    private static Task<int> Main() => Migrator.RunAsync(Environment.GetEnvironmentVariable, Console.Out, Console.Error, CancellationToken.None);
}
