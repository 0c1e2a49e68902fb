using AwesomeAssertions;
using Portal.Domain.Catalog;
using Xunit;

namespace Portal.Domain.Tests.Catalog;

public sealed class ImageReferenceTests
{
    private const string Digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("python")]
    [InlineData("python:3.13-slim")]
    [InlineData("docker.io/library/python:3.13-slim")]
    [InlineData("registry.example.org:5000/a/b_c/d--e:v1.2_x")]
    [InlineData("ghcr.io/a/b" + Digest)]
    [InlineData("ghcr.io/a/b:1" + Digest)]
    public void Image_WellFormed_IsOne(string text) => ImageReference.IsOne(text).Should().BeTrue();

    [Theory]
    [InlineData("")]
    [InlineData(" python")]
    [InlineData("python:3.13\n")]
    [InlineData("--privileged")]
    [InlineData("Python:3")]
    [InlineData("https://ghcr.io/a/b:1")]
    [InlineData("a//b")]
    [InlineData("a/../b")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a:")]
    [InlineData("a:-x")]
    [InlineData("a b")]
    [InlineData("a;b")]
    [InlineData("a$(id)")]
    [InlineData("a@sha256:abc")]
    [InlineData("a@md5:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("pythоn:3")]
    public void Text_Otherwise_IsNone(string text) => ImageReference.IsOne(text).Should().BeFalse();

    [Fact]
    public void Text_VeryLong_IsNoneAtOnce() => ImageReference.IsOne(new string('a', 1_000_000) + "!").Should().BeFalse();

    [Theory]
    [InlineData("/data", true)]
    [InlineData("/srv/models-1/a.b", true)]
    [InlineData("/procedures", true)]
    [InlineData("", false)]
    [InlineData("/", false)]
    [InlineData("data", false)]
    [InlineData("/data/", false)]
    [InlineData("/a//b", false)]
    [InlineData("/a/../proc", false)]
    [InlineData("/a:ro", false)]
    [InlineData("/a b", false)]
    [InlineData("/proc", false)]
    [InlineData("/dev/shm", false)]
    [InlineData("/portal/work", false)]
    [InlineData("/tmp", false)]
    [InlineData("/var/run/secrets", false)]
    public void MountPath_Text_IsRefusedWhereSomethingElseIs(string path, bool good) => (MountPath.Refuse(path) is null).Should().Be(good);
}
