using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Migrations;
using Xunit;

namespace Portal.Web.Tests.Hosting;

public sealed class SchemaTests
{
    [Fact]
    public void NewestMigration_OfTheBuild_IsTheNewestOfTheMigrations()
    {
        using var db = new DesignTimeFactory().CreateDbContext([]);
        db.Database.GetMigrations().Last().Should().Be(PortalDatabase.NewestMigration);
    }
}
