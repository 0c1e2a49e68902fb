using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Portal.Application.Data;

namespace Portal.Migrations;

/// <summary>Lets <c>dotnet ef</c> build the model without a database.</summary>
public sealed class DesignTimeFactory : IDesignTimeDbContextFactory<PortalDbContext>
{
    public PortalDbContext CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<PortalDbContext>();
        PortalDatabase.Configure(options, "Host=localhost;Database=portal_design");
        return new PortalDbContext(options.Options);
    }
}
