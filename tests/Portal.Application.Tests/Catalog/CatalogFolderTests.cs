using AwesomeAssertions;
using Portal.Application.Catalog.Files;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;
using Xunit;

namespace Portal.Application.Tests.Catalog;

public sealed class CatalogFolderTests : IDisposable
{
    private readonly CatalogFixture catalog = new();

    public void Dispose() => catalog.Dispose();

    [Fact]
    public void Folder_GoodCatalog_ReadsEverything()
    {
        var load = catalog.Load();
        load.Problems.Should().BeEmpty();
        load.Warnings.Should().BeEmpty();
        load.Categories.Select(c => c.Slug).Should().Equal("notebooks", "training");
        load.Hardware[1].Should().BeEquivalentTo(new HardwareProfileSpec { Slug = "cpu-small", Name = "Small", Vcpu = 1, MemoryGib = 2, Gpu = new GpuSpec("T4", 1, 16), DiskGib = 20, Restricted = true });
        var item = load.Items.Should().ContainSingle().Subject;
        item.SourceText.Should().Be(CatalogFixture.Item);
        item.Files["train.py"].Should().Equal("print('hello')\n"u8.ToArray());
        item.Spec.Parameters[1].Should().BeEquivalentTo(new ParameterSpec { Name = "steps", Type = ParameterType.Integer, DefaultJson = "500", Constraints = new ParameterConstraints { Min = 10, Max = 100000 } });
        item.Spec.Parameters[4].Required.Should().BeFalse();
        item.Spec.Ports[0].Ready.Timeout.Should().Be(TimeSpan.FromMinutes(1));
        item.Spec.Defaults.Lifetime.Should().Be(TimeSpan.FromHours(8));
        item.Spec.Kind.Should().Be(WorkloadKind.Service);
    }

    [Fact]
    public void Folder_SeveralFilesWrong_ReportsAllOfThemAtOnce()
    {
        catalog.Write("categories.yaml", "- {slug: training, name: Training, purpose: x, icon: skool, order: 1}\n");
        catalog.Write("hardware.yaml", "- {slug: cpu-small, name: Small, vcpu: lots, memoryGiB: 2}\n");
        catalog.Write("training/other.yaml", "kind: [");
        catalog.Break("type: Service", "type: Servise").Break("min: 10", "mim: 10").Break("parameters.steps }}", "parameters.stepz }}");
        var problems = catalog.Load().Problems;
        problems.Select(p => (p.File, p.Path)).Should().BeEquivalentTo([
            ("categories.yaml", "[0].icon"), ("hardware.yaml", "[0].vcpu"), ("training/other.yaml", ""),
            (CatalogFixture.ItemFile, "type"), (CatalogFixture.ItemFile, "parameters[1].constraints.mim"), (CatalogFixture.ItemFile, "environment.STEPS"),
        ]);
        problems.Should().OnlyContain(p => p.Line > 0 && p.Column > 0);
    }

    [Fact]
    public void Problem_DeepInAnItem_NamesLineColumnPathAndNearestKey()
    {
        var problem = catalog.Break("min: 10", "mim: 10").Load().Problems.Should().ContainSingle().Subject;
        problem.ToString().Should().Be("training/demo.yaml:11:62: parameters[1].constraints.mim: Unknown key \"mim\". Did you mean \"min\"? "
            + "Allowed: min, max, minLength, maxLength, pattern, values, minItems, maxItems, items.");
    }

    [Fact]
    public void Folder_MissingFiles_AreProblems()
    {
        File.Delete(Path.Combine(catalog.Folder, "categories.yaml"));
        File.Delete(Path.Combine(catalog.Folder, "hardware.yaml"));
        catalog.Load().Problems.Select(p => p.File).Should().Equal("categories.yaml", "hardware.yaml");
        CatalogFolder.Read(catalog.Folder + "-none").Problems.Should().ContainSingle().Which.Message.Should().Contain("no such catalog folder");
    }

    [Fact]
    public void Folder_SameSlugInTwoCategories_RefusesBoth()
    {
        catalog.Write("notebooks/demo.yaml", CatalogFixture.Item.Replace("category: training", "category: notebooks").Replace("files: {train.py: files/train.py, ", "files: {"));
        var load = catalog.Load();
        load.Items.Should().BeEmpty();
        load.Problems.Select(p => (p.File, p.Path)).Should().BeEquivalentTo([("notebooks/demo.yaml", "slug"), (CatalogFixture.ItemFile, "slug")]);
    }

    [Fact]
    public void Folder_DuplicateCategoryAndHardware_NamesTheSecond()
    {
        catalog.Write("hardware.yaml", "- {slug: cpu-small, name: A, vcpu: 1, memoryGiB: 1}\n- {slug: cpu-tiny, name: A, vcpu: 1, memoryGiB: 1}\n- {slug: cpu-small, name: A, vcpu: 1, memoryGiB: 1}\n");
        catalog.Load().Problems.Should().ContainSingle().Which.Should().BeEquivalentTo(new { File = "hardware.yaml", Line = 3, Path = "[2].slug" });
    }

    [Fact]
    public void Folder_StrayFiles_AreWarnings()
    {
        catalog.Write("hardwares.yaml", "");
        catalog.Write("training/x.yml", "");
        catalog.Write("training/files/config.yaml", "shipped: true");
        var load = catalog.Load();
        load.Problems.Should().BeEmpty();
        load.Warnings.Select(w => w.File).Should().BeEquivalentTo("hardwares.yaml", "training/x.yml");
    }

    [Fact]
    public void SourceHash_ChangesWithTextAndWithShippedFiles_AndNotOtherwise()
    {
        var first = catalog.Load().Items[0].SourceHash;
        catalog.Load().Items[0].SourceHash.Should().Be(first).And.MatchRegex("^[0-9a-f]{64}$");
        catalog.Write("training/files/train.py", "print('other')\n");
        var second = catalog.Load().Items[0].SourceHash;
        catalog.Break("name: Demo", "name: Demos");
        new[] { first, second, catalog.Load().Items[0].SourceHash }.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void ShippedFile_LinkOutOfTheCatalog_IsRefused()
    {
        var outside = Path.Combine(Directory.CreateTempSubdirectory().FullName, "secret");
        File.WriteAllText(outside, "secret");
        File.Delete(Path.Combine(catalog.Folder, "training/files/train.py"));
        File.CreateSymbolicLink(Path.Combine(catalog.Folder, "training/files/train.py"), outside);
        var load = catalog.Load();
        load.Items.Should().BeEmpty();
        load.Problems.Should().ContainSingle().Which.Message.Should().Contain("link that leaves the catalog folder");
    }

    [Fact]
    public void ShippedFile_BehindALinkedFolder_IsRefused()
    {
        var outside = Directory.CreateTempSubdirectory().FullName;
        File.WriteAllText(Path.Combine(outside, "train.py"), "secret");
        Directory.Delete(Path.Combine(catalog.Folder, "training/files"), true);
        Directory.CreateSymbolicLink(Path.Combine(catalog.Folder, "training/files"), outside);
        catalog.Load().Problems.Should().ContainSingle().Which.Message.Should().Contain("link that leaves the catalog folder");
    }

    [Fact]
    public void ItemFile_LinkOutOfTheCatalog_IsRefusedUnread()
    {
        File.CreateSymbolicLink(Path.Combine(catalog.Folder, "training/passwd.yaml"), "/etc/passwd");
        catalog.Load().Problems.Should().ContainSingle().Which.ToString().Should().Be("training/passwd.yaml: The file is a link that leaves the catalog folder.");
    }

    [Fact]
    public void Folder_MountedThroughLinks_IsRead()
    {
        // The way Kubernetes mounts a ConfigMap: ..data -> a dated folder, files -> ..data/file.
        Directory.Move(Path.Combine(catalog.Folder, "training"), Path.Combine(catalog.Folder, "..dated"));
        Directory.CreateSymbolicLink(Path.Combine(catalog.Folder, "..data"), "..dated");
        Directory.CreateSymbolicLink(Path.Combine(catalog.Folder, "training"), "..data");
        var link = catalog.Folder + "-link";
        Directory.CreateSymbolicLink(link, catalog.Folder);
        var load = CatalogFolder.Read(link);
        Directory.Delete(link);
        load.Problems.Should().BeEmpty();
        load.Items.Should().ContainSingle();
    }
}
