using Portal.Migrations;

return await Migrator.RunAsync(Environment.GetEnvironmentVariable, Console.Out, Console.Error, CancellationToken.None);
