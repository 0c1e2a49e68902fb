using AwesomeAssertions;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Web.Tests.Deploy;

/// <summary>The README tells of every setting there is, and of no other.</summary>
public sealed class SettingsTableTests
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(RepositoryFolder.Root, "README.md"));

    [Fact]
    public void Readme_OfEverySetting_Tells() => KnownSettings.Bound.Concat(KnownSettings.ByName).Except(KnownSettings.Hidden).Except(KnownSettings.In(Readme)).Should().BeEmpty();

    [Fact]
    public void Readme_OfNoOtherSetting_Tells() => KnownSettings.In(Readme).Except(KnownSettings.Bound).Except(KnownSettings.ByName).Should().BeEmpty();
}
