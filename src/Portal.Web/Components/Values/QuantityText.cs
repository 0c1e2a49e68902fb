using System.Globalization;

namespace Portal.Web.Components.Values;

/// <summary>How amounts of hardware and data read: <c>4 vCPU</c>, <c>16 GiB</c>, <c>412 MiB</c>.</summary>
public static class QuantityText
{
    /// <summary>Memory or disk in GiB; fractions as they are.</summary>
    public static string Gib(decimal gib) => gib.ToString("#,0.##", CultureInfo.InvariantCulture) + "\u00A0GiB";

    /// <summary>Processor cores, fractions allowed.</summary>
    public static string Vcpu(decimal vcpu) => vcpu.ToString("#,0.##", CultureInfo.InvariantCulture) + "\u00A0vCPU";

    /// <summary>One or more GPUs and the memory of each: <c>4×A10G 22 GiB</c>.</summary>
    public static string Gpu(int count, string kind, decimal memoryGib) => string.Create(CultureInfo.InvariantCulture, $"{count}×{kind} {Gib(memoryGib)}");

    /// <summary>A size in bytes, in the largest binary unit that keeps it at 1 or more.</summary>
    public static string Bytes(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        var value = (double)bytes;
        var unit = 0;
        while (Math.Abs(value) >= 1024 && unit < units.Length - 1)
        {
            value /= 1024;
            unit++;
        }
        var format = unit == 0 || Math.Abs(value) >= 100 ? "#,0" : "#,0.#";
        return value.ToString(format, CultureInfo.InvariantCulture) + "\u00A0" + units[unit];
    }
}
