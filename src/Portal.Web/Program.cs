using Portal.Web.Hosting;

if (args is [VerifyAuditCommand.Name, .. var settings]) return await VerifyAuditCommand.RunAsync(settings, Console.Out, Console.Error);

var builder = WebApplication.CreateBuilder(args);
builder.AddPortal();

var app = builder.Build();
app.UsePortal();
await app.RunAsync();
return 0;

/// <summary>The portal's host; public for tests that start it in their own process.</summary>
public partial class Program;
