using AwesomeAssertions;
using Portal.Compute.Kubernetes.Logs;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>Lines as the kubelet gives them.</summary>
public sealed class ClusterLogTests
{
    [Theory]
    [InlineData("2026-05-04T10:00:00.123456789Z hello  world ", 1777888800123456789, "hello  world ")]
    [InlineData("2026-05-04T10:00:00Z x", 1777888800000000000, "x")]
    [InlineData("2026-05-04T10:00:00.5Z ", 1777888800500000000, "")]
    [InlineData("2026-05-04T10:00:00.000000001Z", 1777888800000000001, "")]
    public void Line_IsReadToTheNanosecond(string text, long at, string said) => ClusterLog.Parse(text)!.Value.Should().Match<(long At, Portal.Domain.Compute.LogLine Line)>(l => l.At == at && l.Line.Text == said);

    [Theory]
    [InlineData("")]
    [InlineData("unable to retrieve container logs for containerd://x")]
    [InlineData("2026-05-04T10:00:00.xyzZ x")]
    public void WhatIsNoLine_IsNone(string text) => ClusterLog.Parse(text).Should().BeNull();
}
