using AwesomeAssertions;
using Bunit;
using Portal.Domain.Workloads;
using Portal.Web.Components.Values;
using Xunit;

namespace Portal.Web.Tests.Components.Values;

public class PersonAndQuantityTests : ComponentTest
{
    [Theory]
    [InlineData("Lena Meyer", "LM", "Lena")]
    [InlineData("Yuki", "YU", "Yuki")]
    [InlineData("chloé anne dupont", "CD", "chloé")]
    [InlineData("amir.haddad@example.org", "AH", "amir")]
    [InlineData("  ", "?", "Unknown")]
    [InlineData("👩‍🔬 Sofia", "👩‍🔬S", "👩‍🔬")]
    public void PersonName_AnyName_GivesInitialsAndFirstName(string name, string initials, string first)
    {
        PersonName.Initials(name).Should().Be(initials);
        PersonName.First(name).Should().Be(first);
    }

    [Fact]
    public void Person_You_IsTintedAndSaysSo()
    {
        var person = Render<Person>(p => p.Add(x => x.Name, "Lena Meyer").Add(x => x.IsYou, true).Add(x => x.ShowYou, true));

        person.Find(".initials").ClassList.Should().Contain("you");
        Words(person.Find(".person")).Should().Be("LM Lena (you)");
    }

    [Fact]
    public void Person_InitialsOnly_KeepsTheNameForReaders()
        => Render<Person>(p => p.Add(x => x.Name, "Lena Meyer").Add(x => x.InitialsOnly, true)).Find(".visually-hidden").TextContent.Should().Be("Lena Meyer");

    [Fact]
    public void Quantity_Hardware_ReadsInOneLine()
        => Read(Render<Quantity>(p => p.Add(q => q.Vcpu, 4).Add(q => q.MemoryGib, 0.5m).Add(q => q.GpuCount, 1).Add(q => q.GpuKind, "A10G").Add(q => q.GpuMemoryGib, 22)).Markup)
            .Should().Contain("4 vCPU, 0.5 GiB, 1×A10G 22 GiB");

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1,023 B")]
    [InlineData(432_013_312, "412 MiB")]
    [InlineData(5_153_960_755, "4.8 GiB")]
    [InlineData(long.MaxValue, "8,192 PiB")]
    public void Bytes_AnySize_ReadsInBinaryUnits(long bytes, string text) => QuantityText.Bytes(bytes).Replace('\u00A0', ' ').Should().Be(text);

    [Fact]
    public void IconSet_EveryNameOfTheCatalog_HasAPicture() => IconSet.Names.Should().BeEquivalentTo(Portal.Domain.Catalog.CatalogIcons.Names);

    [Fact]
    public void KindIcon_UnknownName_IsABox() => IconSet.Svg("no-such-icon").Should().Be(IconSet.Svg("box"));

    [Fact]
    public void KindIcon_EachKind_IsNamedForReaders()
    {
        foreach (var kind in Enum.GetValues<WorkloadKind>())
            Render<KindIcon>(p => p.Add(i => i.Kind, kind)).Find(".visually-hidden").TextContent.Should().Be(IconSet.Word(kind));
    }
}
