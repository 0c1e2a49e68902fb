using Portal.Web.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.AddPortal();

var app = builder.Build();
app.UsePortal();
await app.RunAsync();

/// <summary>The portal's host; public for tests that start it in their own process.</summary>
public partial class Program;
